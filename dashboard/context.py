"""What every template may use without being handed it."""

from datetime import UTC, datetime
from typing import Any

from flask import Flask, request
from flask_login import current_user

from dashboard import (
    audit,
    change_words,
    charts,
    draft_words,
    languages,
    outcomes,
    page_keys,
    pips,
    returns,
    schedule_words,
    statistics,
    times,
    words,
)
from orchestrator.ledger.models import JobStatus, Role
from orchestrator.ledger.recipes import RECIPES

#: The script asks with this header for the changing part of a page alone.
FRAGMENT_HEADER = "X-Kumo-Fragment"


def attach(app: Flask) -> None:
    app.context_processor(_names)
    app.jinja_env.filters.update(words.FILTERS, page_key=page_keys.encode)
    app.jinja_env.filters.update(schedule_words.FILTERS)
    app.jinja_env.filters.update(
        times.FILTERS,
        said=languages.said,
        **{
            each.__name__: each
            for each in (charts.spark, charts.known, charts.charted, charts.spots)
        },
    )
    app.jinja_env.filters.update(outcomes.FILTERS, **statistics.FILTERS)
    app.jinja_env.filters.update(draft_words.FILTERS)
    app.jinja_env.filters.update(change_words.FILTERS)
    app.jinja_env.filters.update(action_said=audit.said, pips=pips.pips)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def _names() -> dict[str, Any]:
    return {
        "JobStatus": JobStatus,
        #: Spiders that the builder can tell what to do.
        "recipes": RECIPES,
        # A proxy: it asks for the person only where a template does.
        "current_user": current_user,
        "may": _may,
        "language": languages.current(),
        "languages": languages.LANGUAGES,
        "here": returns.here,
        "now": datetime.now(UTC),
        "layout": "fragment.html" if FRAGMENT_HEADER in request.headers else "page.html",
    }


def _may(role: str) -> bool:
    return bool(current_user.is_authenticated and current_user.may(Role(role)))
