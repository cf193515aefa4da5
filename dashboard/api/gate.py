"""The gate of the API: who may come to which route, decided before it runs.

It refuses by default: a route that does not say whom it is for is for admins. A request comes with
a token, or from a browser that is signed in; a token that is shown decides alone, so that a program
never does by chance what the person beside it may.
"""

from flask import Flask, request
from flask_login import LoginManager, current_user
from flask_wtf import CSRFProtect
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, TooManyRequests, Unauthorized

from dashboard import limits, visitors
from dashboard.api import routes
from dashboard.visitors import Visitor
from orchestrator.ledger.models import Role
from orchestrator.ledger.tokens import ROLES

_CHALLENGE = WWWAuthenticate("bearer", {"realm": "kumo"})
_SCOPES = {role: scope for scope, role in ROLES.items()}

_csrf = CSRFProtect()


def attach(app: Flask) -> None:
    manager = LoginManager()
    manager.init_app(app, add_context_processor=False)
    manager.user_loader(_signed_in)
    manager.request_loader(lambda _: _with_token())
    _csrf.init_app(app)
    app.before_request(_check)


def _check() -> None:
    if not current_user.is_authenticated:
        _refuse()
    # Without an endpoint there is no such address, which the router says after us.
    if request.endpoint and not current_user.may(needed := routes.asked().needs):
        raise Forbidden(_not_allowed(needed))
    if current_user.token_id is None:
        # Whoever can make a browser send a request cannot read what a page of ours holds.
        _csrf.protect()


def _signed_in(session_id: str) -> Visitor | None:
    return None if _shows_token() else visitors.load(session_id)


def _with_token() -> Visitor | None:
    return visitors.shown(request.headers["Authorization"]) if _shows_token() else None


def _shows_token() -> bool:
    return "Authorization" in request.headers


def _refuse() -> None:
    if _shows_token() and (wait := limits.failed_token()):
        raise TooManyRequests("Too many tokens from this address were wrong.", retry_after=wait)
    raise Unauthorized(
        "This token is not known, has ended, or belongs to nobody any more."
        if _shows_token()
        else "Show a token, as Authorization: Bearer kumo_…; `kumo token add` makes one.",
        www_authenticate=_CHALLENGE,
    )


def _not_allowed(needed: Role) -> str:
    if current_user.token_id is None:
        return f"This needs the role {needed}; ask an admin."
    return f"This needs a token with the scope {_SCOPES[needed]}, of a person who may as much."
