"""One's own account: password and API tokens."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_user

from dashboard import audit, forms, limits, visitors
from dashboard.forms import OwnPasswordForm, TokenForm
from dashboard.gate import needs
from orchestrator import database
from orchestrator.exceptions import SignInRefused, TokenInvalid, UserInvalid
from orchestrator.ledger import people, tokens
from orchestrator.ledger.models import Role, Scope

blueprint = Blueprint("account", __name__)


@blueprint.get("/account")
def index() -> ResponseReturnValue:
    return _page()


@blueprint.post("/account/password")
@needs(Role.VIEWER)
@limits.failed_password_changes
def change_password() -> ResponseReturnValue:
    form = OwnPasswordForm()
    if not form.validate():
        return _page(password_form=form), 422
    try:
        with database.transaction() as session:
            user = people.change_own_password(
                session, current_user.user_id, form.current.data, form.password.data
            )
            audit.note_in(session, "account.password", user.name)
    except SignInRefused:
        form.current.errors = [gettext("This is not your current password.")]
        return _page(password_form=form), 401
    except UserInvalid as error:
        forms.blame(form, error)
        return _page(password_form=form), 422
    # Every session has ended; this one begins again.
    login_user(visitors.of(user))
    flash("", "own_password")
    return redirect(url_for("account.index"), 303)


@blueprint.post("/account/tokens")
@needs(Role.VIEWER)
def make_token() -> ResponseReturnValue:
    """Answers with the token itself, which nobody can be shown again."""
    form = _token_form()
    if not form.validate():
        return _page(token_form=form), 422
    scope, name = Scope(form.scope.data), form.name.data
    try:
        with database.transaction() as session:
            token = tokens.make(session, current_user.user_id, name, scope, form.life)
            audit.note_in(session, "token.make", name, scope=scope, days=form.days.data)
    except TokenInvalid as error:
        forms.blame(form, error)
        return _page(token_form=form), 422
    return render_template("token.html", token=token, name=name)


def _page(**shown: Any) -> str:
    with database.transaction() as session:
        held = tokens.of_person(session, current_user.user_id)
    forms_shown = {"password_form": OwnPasswordForm(formdata=None)} | shown
    forms_shown.setdefault("token_form", _token_form())
    return render_template("account.html", tokens=held, **forms_shown)


def _token_form() -> TokenForm:
    return TokenForm(tokens.may_have(current_user.role), may_last=current_user.may(Role.ADMIN))
