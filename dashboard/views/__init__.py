"""A module per noun; each view is: parse, one call, render or redirect."""

from flask import Flask

from dashboard.views import (
    account,
    audit_log,
    health,
    jobs,
    people,
    preferences,
    sign_in,
    targets,
    tokens,
)


def attach(app: Flask) -> None:
    for module in (targets, jobs, preferences, sign_in, health, people, account, tokens, audit_log):
        app.register_blueprint(module.blueprint)
