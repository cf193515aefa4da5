"""What a person sees when something is wrong: one sentence, and where to go.

Views let errors pass; this is the one place that answers for all. The page stands on its own, since
the menu needs the database, which may be what is missing.
"""

import logging

from flask import Flask, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.utils import redirect

from dashboard import bearers, languages
from orchestrator.exceptions import (
    BellAway,
    DatabaseAway,
    DatabaseNotMigrated,
    Invalid,
    LastAdmin,
    NotFound,
    OrchestratorError,
    TargetChanged,
    TransitionRefused,
)

logger = logging.getLogger(__name__)

#: The first that fits decides.
_STATUSES: tuple[tuple[type[OrchestratorError], int], ...] = (
    (NotFound, 404),
    (TransitionRefused, 409),
    (TargetChanged, 409),
    (LastAdmin, 409),
    (Invalid, 422),
    (DatabaseAway, 503),
    (DatabaseNotMigrated, 503),
    (BellAway, 503),
)


def attach(app: Flask) -> None:
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(CSRFError, _answer_csrf)
    app.register_error_handler(OrchestratorError, _answer)
    app.register_error_handler(TransitionRefused, _answer_refusal)


def status_of(error: OrchestratorError) -> int:
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


def _answer(error: OrchestratorError) -> ResponseReturnValue:
    status = status_of(error)
    if status >= 500:
        logger.warning("%s", error, extra={"action": "page_failed", "path": request.path})
    return _page(status, sentence=sentence_of(error))


def _answer_refusal(error: TransitionRefused) -> ResponseReturnValue:
    """Back to the job, which has moved on since its page was drawn."""
    job_id = (request.view_args or {}).get("job_id")
    if job_id is None:
        return _answer(error)
    flash(languages.said(sentence_of(error)), "refused")
    return redirect(url_for("jobs.one", job_id=job_id), 303)


def _answer_http(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error
    return _page(error.code, headers=dict(error.get_headers()))


def _answer_csrf(error: CSRFError) -> ResponseReturnValue:
    return _page(400, kind="stale_form")


def sentence_of(error: OrchestratorError) -> str:
    said = error.args[0] if error.args else ""
    return said if isinstance(said, str) else str(error)


def _page(
    status: int, *, sentence: str = "", kind: str = "", headers: dict[str, str] | None = None
) -> ResponseReturnValue:
    if bearers.are_expected():
        return bearers.problem(status, sentence)
    page = render_template("error.html", status=status, sentence=sentence, kind=kind)
    kept = {
        name: text for name, text in (headers or {}).items() if name in {"Allow", "Retry-After"}
    }
    return page, status, kept
