"""What a program is told when something is wrong: a problem as RFC 9457 has it.

Views let errors pass; this is the one place that answers for all. Which status an error amounts to
is the dashboard's rule, so that a page and the API never disagree.
"""

import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from pydantic import Field
from werkzeug.exceptions import HTTPException

from dashboard import errors
from dashboard.api.models.shown import Shown
from orchestrator.exceptions import Invalid, OrchestratorError, TargetChanged, TargetInvalid

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
_KIND = "urn:kumo:problem:"
_RETRY_SECONDS = 5
_MOST_FAULTS, _LONGEST_NAME = 50, 200
#: Names of fields are a stranger's, and may be what no text can hold.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_KEPT_HEADERS = frozenset({"Allow", "Retry-After", "WWW-Authenticate"})


class Fault(Shown):
    """What is wrong with one field."""

    field: str
    """The parameter, or the way to the field in the body: `arguments.fields.2.css`."""
    detail: str
    """What is wrong with it."""


class Problem(Shown):
    """Why a request was not answered as it asked; RFC 9457."""

    type: str
    """What kind of problem it is: `about:blank`, when the status says it all, or a URN of Kumo."""
    title: str
    """The kind in words."""
    status: int
    """The status of the answer."""
    detail: str
    """What happened, and what to do, in a sentence."""
    errors: list[Fault] = Field([])
    """What is wrong, field by field; empty unless the request is invalid."""


class RequestInvalid(Invalid):
    """A request's query or body is wrong; `faults` says what, by field."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{field}: {fault}" for field, fault in faults.items()))
        self.faults = dict(faults)


def attach(app: Flask) -> None:
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(CSRFError, _answer_csrf)
    app.register_error_handler(OrchestratorError, _answer)


def told(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    body = problem.model_dump_json()
    return Response(body, problem.status, mimetype=MEDIA_TYPE, headers=dict(headers or {}))


def _answer(error: OrchestratorError) -> ResponseReturnValue:
    # Here it is a condition of the request that does not hold, not a form that was open too long.
    status = 412 if isinstance(error, TargetChanged) else errors.status_of(error)
    if status >= 500:
        logger.warning("%s", error, extra={"action": "api_failed", "path": request.path})
    words = re.findall("[A-Z][a-z]*", type(error).__name__)
    problem = Problem(
        type=_KIND + "-".join(words).lower(),
        title=" ".join(words).capitalize(),
        status=status,
        detail=_clear(errors.sentence_of(error)),
        errors=_faults(error),
    )
    return told(problem, {"Retry-After": str(_RETRY_SECONDS)} if status == 503 else None)


def _answer_http(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error
    headers: dict[str, Any] = dict(error.get_headers())
    return _told_of(
        error.code,
        _clear(error.description or ""),
        {name: text for name, text in headers.items() if name in _KEPT_HEADERS},
    )


def _answer_csrf(error: CSRFError) -> ResponseReturnValue:
    return _told_of(
        403,
        "A session changes something only with the header X-CSRFToken; use a token of the API "
        f"instead, or send the header. {error.description}",
    )


def _told_of(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    phrase = HTTPStatus(status).phrase
    return told(
        Problem(type="about:blank", title=phrase, status=status, detail=detail or phrase), headers
    )


def _faults(error: OrchestratorError) -> list[Fault]:
    if not isinstance(error, RequestInvalid | TargetInvalid):
        field = getattr(error, "field", "")
        return [Fault(field=field, detail=errors.sentence_of(error))] if field else []
    named = list(error.faults.items())[:_MOST_FAULTS]
    return [
        Fault(field=_clear(name)[:_LONGEST_NAME], detail=_clear(fault)) for name, fault in named
    ]


def _clear(text: str) -> str:
    return _UNSEEN.sub("\ufffd", text)[:2_000]
