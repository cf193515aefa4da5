"""The gate: who may come to which view, decided before any view runs.

It refuses by default. A view without a mark is for those who are signed in, a change without a
mark is for admins only, and only what `OPEN` names is for strangers; so a forgotten mark locks
people out instead of letting them in.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Request, abort, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, current_user

from dashboard import returns, visitors
from dashboard.visitors import Visitor
from orchestrator.ledger.models import Role

#: What a stranger may reach.
OPEN = frozenset(
    {
        "static",
        "bootstrap.static",
        "sign_in.form",
        "sign_in.enter",
        "health.healthz",
        "health.readyz",
        "preferences.language",
        # What they give, the token in the address says.
        "feeds.rss",
        "feeds.json",
    }
)
#: What a program may read as well, with a token instead of a session.
WITH_TOKEN = frozenset({"reference.index"})
_READING = frozenset({"GET", "HEAD", "OPTIONS"})

View = TypeVar("View", bound=Callable[..., Any])


def needs(role: Role) -> Callable[[View], View]:
    """Marks a view as being for that role and those above it."""

    def mark(view: View) -> View:
        view.needed_role = role  # type: ignore[attr-defined]
        return view

    return mark


def needed_role(endpoint: str, method: str) -> Role:
    view = current_app.view_functions[endpoint]
    unmarked = Role.VIEWER if method in _READING else Role.ADMIN
    role: Role = getattr(view, "needed_role", unmarked)
    return role


def attach(app: Flask) -> None:
    # Its own template variable asks the database at once, on the page that says it is away too.
    manager = LoginManager()
    manager.init_app(app, add_context_processor=False)
    manager.user_loader(visitors.load)
    manager.request_loader(_with_token)
    app.before_request(_check)


def _with_token(asked: Request) -> Visitor | None:
    shown = asked.headers.get("Authorization")
    return visitors.shown(shown) if shown and asked.endpoint in WITH_TOKEN else None


def _check() -> ResponseReturnValue | None:
    if request.endpoint in OPEN:
        return None
    if not current_user.is_authenticated:
        return _to_sign_in()
    # Without an endpoint there is no such address, which the router says after us.
    if request.endpoint and not current_user.may(needed_role(request.endpoint, request.method)):
        abort(403)
    return None


def _to_sign_in() -> ResponseReturnValue:
    if request.method not in _READING:
        flash("", "signed_out")
        return redirect(url_for("sign_in.form", next=returns.here()), 303)
    return redirect(url_for("sign_in.form", next=request.full_path.rstrip("?")))
