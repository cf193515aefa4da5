"""A module per noun; each view is: parse, one call, render or redirect."""

from flask import Flask

from dashboard.views import (
    account,
    alerts,
    audit_log,
    changes,
    drafts,
    exports,
    feeds,
    fields,
    health,
    held,
    home,
    items,
    jobs,
    metrics,
    people,
    preferences,
    reference,
    schedules,
    sign_in,
    sites,
    target_definitions,
    tokens,
    workers,
)


def attach(app: Flask) -> None:
    for module in (
        home,
        # Brings the other views of targets along.
        target_definitions,
        drafts,
        schedules,
        jobs,
        held,
        fields,
        workers,
        metrics,
        sites,
        preferences,
        sign_in,
        health,
        people,
        account,
        tokens,
        audit_log,
        alerts,
        items,
        changes,
        feeds,
        exports,
        reference,
    ):
        app.register_blueprint(module.blueprint)
