"""Answers in Scrapyd's shape: what a client asked for, or why not, both with status 200.

Clients look at the status of the JSON; some take any other status of HTTP for a server that is
away. Pages and files answer as the web does.
"""

import json
import logging
import socket
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from dashboard.errors import status_of
from orchestrator.exceptions import OrchestratorError

logger = logging.getLogger(__name__)

_TITLES = {404: "No Such Resource"}


def attach(app: Flask) -> None:
    app.register_error_handler(OrchestratorError, _answer)
    app.register_error_handler(HTTPException, _answer_http)


def ok(found: Mapping[str, Any]) -> Response:
    return _json({**found, "status": "ok"})


def error(message: str) -> Response:
    return _json({"status": "error", "message": message})


def unsupported(methods: tuple[str, ...]) -> Response:
    return error(f"UnsupportedMethod: Expected one of {[each.encode() for each in methods]}")


def as_json(content: Mapping[str, Any]) -> Response:
    """JSON as a file has it: without Scrapyd's own keys."""
    return Response(json.dumps(content) + "\n", content_type="application/json")


def _json(content: Mapping[str, Any]) -> Response:
    return as_json({**content, "node_name": socket.gethostname()})


def _is_endpoint() -> bool:
    return request.path.count("/") == 1 and request.path.endswith(".json")


def _answer(trouble: OrchestratorError) -> Response:
    status = status_of(trouble)
    if status >= 500:
        logger.warning("%s", trouble, extra={"action": "page_failed", "path": request.path})
    return error(str(trouble)) if _is_endpoint() else _page(status, str(trouble))


def _answer_http(trouble: HTTPException) -> Response | HTTPException:
    code = trouble.code or 500
    if code < 400:
        return trouble
    if _is_endpoint() and code not in (404, 429, 500):
        if isinstance(trouble, MethodNotAllowed):
            return unsupported(tuple(sorted(trouble.valid_methods or ())))
        return error(f"{trouble.name}: {trouble.description}")
    answer = _page(code, trouble.description or "")
    for name, value in trouble.get_headers():
        if name in ("Allow", "Retry-After", "Content-Range"):
            answer.headers[name] = value
    return answer


def _page(status: int, sentence: str) -> Response:
    title = _TITLES.get(status, str(status))
    page = render_template("scrapyd/error.html", title=title, sentence=sentence)
    return Response(page, status, content_type="text/html; charset=utf-8")
