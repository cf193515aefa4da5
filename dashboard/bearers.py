"""Bearers: programs that come with an API token, in whichever header they carry it.

A token that is good is never refused for the failures of others behind the same address: nobody
guesses 256 random bits, so the limit only spares the database.
"""

from flask_limiter.util import get_remote_address
from limits import parse_many
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from redis.exceptions import RedisError
from werkzeug.exceptions import TooManyRequests

from dashboard.limits import FAILED_BY_ADDRESS, limiter
from orchestrator import database
from orchestrator.ledger import tokens
from orchestrator.ledger.models import Role
from orchestrator.ledger.tokens import Holder

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


def _may_fail(whose: str) -> bool:
    try:
        return all(limiter.limiter.hit(limit, whose) for limit in _LIMITS)
    except RedisError:
        return all(_meanwhile.hit(limit, whose) for limit in _LIMITS)
