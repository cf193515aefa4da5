"""Bearers: programs that show an API token with each request instead of signing in.

Only for what `ENDPOINTS` names. Everywhere else a token counts for nothing, so one that leaks from
a scraper's configuration opens no page.
"""

from http import HTTPStatus

from flask import Request, Response, json, request
from flask.typing import ResponseReturnValue

from dashboard.visitors import Visitor
from orchestrator import database
from orchestrator.ledger import tokens

#: What may be asked for with a token; a session opens it as well.
ENDPOINTS = frozenset({"metrics.show"})

#: A longer header holds no token of ours.
_LONGEST = 200


def are_expected() -> bool:
    return request.endpoint in ENDPOINTS


def load(asked: Request) -> Visitor | None:
    """Whom the token of a request speaks for; None without one that opens anything."""
    if not are_expected():
        return None
    kind, _, token = asked.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token or len(token) > _LONGEST:
        return None
    with database.transaction() as session:
        holder = tokens.holder(session, token.strip())
    if holder is None:
        return None
    return Visitor(holder.user_id, f"{holder.user_name} ({holder.token_name})", holder.role, 0)


def turned_away() -> ResponseReturnValue:
    """A program is not sent to a page where people sign in: it would read that as its answer."""
    answer = problem(401, "Show an API token: Authorization: Bearer kumo_…")
    answer.headers["WWW-Authenticate"] = 'Bearer realm="Kumo"'
    return answer


def problem(status: int, detail: str) -> Response:
    """What went wrong, as RFC 9457 has it."""
    told = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    body = json.dumps(told | {"detail": detail})
    return Response(body, status, content_type="application/problem+json")
