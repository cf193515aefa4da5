"""Bearers: programs that show an API token with each request instead of signing in.

A token that is good is never refused for the failures of others behind the same address: nobody
guesses 256 random bits, so the limit only spares the database. Among the pages it opens what
`ENDPOINTS` names and nothing else, so one that leaks from a scraper's configuration reads no page.
"""

from http import HTTPStatus

from flask import Request, Response, json, request
from flask.typing import ResponseReturnValue
from flask_limiter.util import get_remote_address
from limits import parse_many
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from redis.exceptions import RedisError
from werkzeug.exceptions import TooManyRequests

from dashboard.limits import FAILED_BY_ADDRESS, limiter
from dashboard.visitors import Visitor
from orchestrator import database
from orchestrator.ledger import tokens
from orchestrator.ledger.models import Role
from orchestrator.ledger.tokens import Holder

#: What may be asked for with a token; a session opens it as well.
ENDPOINTS = frozenset({"metrics.show"})

#: A longer header holds no token of ours.
_LONGEST = 200

_RANKS = list(Role)
_LIMITS = parse_many(FAILED_BY_ADDRESS)
#: Counts for this process alone while Redis is away.
_meanwhile = FixedWindowRateLimiter(MemoryStorage())


def holder(token: str) -> Holder | None:
    """Whom the token speaks for; None for a wrong one, which counts against its address.

    Raises TooManyRequests for an address with too many of those.
    """
    with database.transaction() as session:
        found = tokens.holder(session, token)
    if found is None and not _may_fail(f"token {get_remote_address()}"):
        raise TooManyRequests(retry_after=60)
    return found


def may(bearer: Holder, role: Role) -> bool:
    """Whether the token's role is that one or a higher one."""
    return _RANKS.index(bearer.role) >= _RANKS.index(role)


def are_expected() -> bool:
    return request.endpoint in ENDPOINTS


def load(asked: Request) -> Visitor | None:
    """Whom the token of a request speaks for; None without one that opens anything."""
    if not are_expected():
        return None
    kind, _, token = asked.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token or len(token) > _LONGEST:
        return None
    found = holder(token.strip())
    if found is None:
        return None
    return Visitor(found.user_id, f"{found.user_name} ({found.token_name})", found.role, 0)


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


def _may_fail(whose: str) -> bool:
    try:
        return all(limiter.limiter.hit(limit, whose) for limit in _LIMITS)
    except RedisError:
        return all(_meanwhile.hit(limit, whose) for limit in _LIMITS)
