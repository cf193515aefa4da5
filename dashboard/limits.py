"""How often a stranger may try something.

Counted in Redis, so that all processes count together, and in memory while Redis is away: a
sign-in must neither fail nor become free for the taking because a broker restarts.
"""

import logging
import time
from math import ceil

from flask import Flask, request
from flask.wrappers import Response
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import current_user
from limits import parse_many
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter, RateLimiter
from redis.backoff import NoBackoff
from redis.retry import Retry

from orchestrator import config

logger = logging.getLogger(__name__)

_FAILED_BY_NAME = "10 per minute;60 per hour"
_FAILED_BY_PERSON = "10 per minute;60 per hour"
_FAILED_BY_ADDRESS = "30 per minute;300 per hour"
#: Each asks a website for a page and keeps it for a week.
_LOOKS_BY_PERSON = "30 per minute;300 per hour"


def _name_and_address() -> str:
    return f"{get_remote_address()} {request.form.get('name', '').lower()[:100]}"


def _person() -> str:
    return f"person {current_user.user_id}"


def _was_wrong(response: Response) -> bool:
    """Not the current password; a new one that is too short gives nothing away."""
    return response.status_code == 401


def _failed(response: Response) -> bool:
    return response.status_code >= 400


limiter = Limiter(get_remote_address, key_prefix="kumo")

#: For the views that check a password; only failures count.
failed_sign_ins_by_name = limiter.limit(
    _FAILED_BY_NAME, key_func=_name_and_address, deduct_when=_failed
)
failed_password_changes = limiter.limit(_FAILED_BY_PERSON, key_func=_person, deduct_when=_was_wrong)
failed_sign_ins_by_address = limiter.limit(_FAILED_BY_ADDRESS, deduct_when=_failed)
looks_by_person = limiter.limit(_LOOKS_BY_PERSON, key_func=_person)
#: Of all that is asked of a draft, this alone asks its website.
tries_by_person = limiter.limit(
    _LOOKS_BY_PERSON, key_func=_person, exempt_when=lambda: "further" not in request.form
)
#: Likewise of what is asked about a field: to use a place opens the builder.
uses_by_person = limiter.limit(
    _LOOKS_BY_PERSON, key_func=_person, exempt_when=lambda: "use" not in request.form
)


#: Where failures are counted while Redis is away.
_in_memory = FixedWindowRateLimiter(MemoryStorage())


def failed_token() -> int | None:
    """Counts a token that was wrong; how many seconds its address has to wait after too many.

    A right one is let pass all the same: nobody guesses 256 random bits, and a forgotten program
    must not lock out its neighbours behind one address.
    """
    try:
        return _counted(limiter.limiter)
    except Exception as error:  # noqa: BLE001  # of whichever storage; none of them may answer for us
        logger.warning("Failures of tokens are counted here alone: %s", error)
        return _counted(_in_memory)


def _counted(strategy: RateLimiter) -> int | None:
    key = ("kumo", "token", get_remote_address())
    waits = [
        strategy.get_window_stats(limit, *key).reset_time - time.time()
        for limit in parse_many(_FAILED_BY_ADDRESS)
        if not strategy.hit(limit, *key)
    ]
    return max(1, ceil(max(waits))) if waits else None


def attach(app: Flask) -> None:
    app.config["RATELIMIT_STORAGE_URI"] = config.get().redis_url or "memory://"
    if config.get().redis_url:
        app.config["RATELIMIT_STORAGE_OPTIONS"] = {
            # A Redis that hangs holds up one sign-in by a second, not by its default of minutes.
            "socket_connect_timeout": 1,
            "socket_timeout": 1,
            "retry": Retry(NoBackoff(), 0),
        }
    app.config["RATELIMIT_IN_MEMORY_FALLBACK_ENABLED"] = True
    app.config["RATELIMIT_SWALLOW_ERRORS"] = True
    limiter.init_app(app)
