"""Bearers: programs that show an API token with each request instead of signing in.

Here a token opens what is named below and nothing else, so one that leaks from a scraper's
configuration reads no page; the API has a gate of its own.
"""

from http import HTTPStatus

from flask import Request, Response, json, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import TooManyRequests

from dashboard import limits, visitors
from dashboard.visitors import Visitor
from orchestrator import database
from orchestrator.ledger import tokens
from orchestrator.ledger.tokens import Holder

#: What programs ask for; whatever goes wrong there is said as they expect it.
ENDPOINTS = frozenset({"metrics.show"})
#: Pages for people that a token opens as well.
PAGES = frozenset({"reference.index"})


def holder(token: str) -> Holder | None:
    """Whom the token speaks for; None for a wrong one, which counts against its address.

    Raises TooManyRequests for an address with too many of those.
    """
    with database.transaction() as session:
        found = tokens.holder(session, token)
    if found is None:
        _count_failure()
    return found


def are_expected() -> bool:
    return request.endpoint in ENDPOINTS


def load(asked: Request) -> Visitor | None:
    """Whom the token of a request speaks for; None without one that opens anything.

    Raises TooManyRequests as `holder` does.
    """
    header = asked.headers.get("Authorization")
    if not header or asked.endpoint not in ENDPOINTS | PAGES:
        return None
    if not (visitor := visitors.shown(header)):
        _count_failure()
    return visitor


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


def _count_failure() -> None:
    if wait := limits.failed_token():
        raise TooManyRequests(retry_after=wait)
