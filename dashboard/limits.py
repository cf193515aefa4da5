"""How often a stranger may try something.

Counted in Redis, so that all processes count together, and in memory while Redis is away: a
sign-in must neither fail nor become free for the taking because a broker restarts.
"""

from flask import Flask, request
from flask.wrappers import Response
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import current_user
from redis.backoff import NoBackoff
from redis.retry import Retry

from orchestrator import config

_FAILED_BY_NAME = "10 per minute;60 per hour"
_FAILED_BY_PERSON = "10 per minute;60 per hour"
FAILED_BY_ADDRESS = "30 per minute;300 per hour"
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
failed_sign_ins_by_address = limiter.limit(FAILED_BY_ADDRESS, deduct_when=_failed)
looks_by_person = limiter.limit(_LOOKS_BY_PERSON, key_func=_person)
#: Of all that is asked of a draft, this alone asks its website.
tries_by_person = limiter.limit(
    _LOOKS_BY_PERSON, key_func=_person, exempt_when=lambda: "further" not in request.form
)
#: Likewise of what is asked about a field: to use a place opens the builder.
uses_by_person = limiter.limit(
    _LOOKS_BY_PERSON, key_func=_person, exempt_when=lambda: "use" not in request.form
)


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
