"""People: who may sign in and what they may do; for admins.

A password that is made here is shown in the answer to the press and nowhere else: not even the
session's cookie may carry it.
"""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dashboard import audit, forms
from dashboard.forms import PasswordForm, PersonForm, RoleForm
from dashboard.gate import needs
from orchestrator import database
from orchestrator.exceptions import LastAdmin, UserInvalid
from orchestrator.ledger import people, tokens
from orchestrator.ledger.models import Role

blueprint = Blueprint("people", __name__)


@blueprint.get("/people")
@needs(Role.ADMIN)
def index() -> ResponseReturnValue:
    return _list(PersonForm())


@blueprint.post("/people")
@needs(Role.ADMIN)
def add() -> ResponseReturnValue:
    form = PersonForm()
    if not form.validate():
        return _list(form), 422
    password = form.password.data or people.new_password()
    try:
        with database.transaction() as session:
            user = people.add(session, form.name.data, password, role=Role(form.role.data))
            audit.note_in(session, "user.add", user.name, role=user.role)
    except UserInvalid as error:
        forms.blame(form, error)
        return _list(form), 422
    shown = None if form.password.data else password
    return _list(PersonForm(formdata=None), added=user, password=shown)


@blueprint.get("/people/<int:user_id>")
@needs(Role.ADMIN)
def one(user_id: int) -> ResponseReturnValue:
    return _one(user_id)


@blueprint.post("/people/<int:user_id>/role")
@needs(Role.ADMIN)
def change_role(user_id: int) -> ResponseReturnValue:
    form = RoleForm()
    if not form.validate():
        return _one(user_id, role_form=form), 422
    try:
        with database.transaction() as session:
            user = people.change_role(session, user_id, Role(form.role.data))
            audit.note_in(session, "user.role", user.name, role=user.role)
    except LastAdmin as error:
        return _one(user_id, refused=error.args[0]), 409
    flash(user.name, "role_changed")
    return redirect(url_for("people.index"), 303)


@blueprint.post("/people/<int:user_id>/password")
@needs(Role.ADMIN)
def set_password(user_id: int) -> ResponseReturnValue:
    form = PasswordForm()
    password = form.password.data or people.new_password()
    try:
        with database.transaction() as session:
            user = people.change_password(session, user_id, password)
            audit.note_in(session, "user.password", user.name)
    except UserInvalid as error:
        forms.blame(form, error)
        return _one(user_id, password_form=form), 422
    if form.password.data:
        flash(user.name, "password_set")
        return redirect(url_for("people.index"), 303)
    return render_template("password.html", user=user, password=password)


@blueprint.get("/people/<int:user_id>/remove")
@needs(Role.ADMIN)
def ask(user_id: int) -> ResponseReturnValue:
    """Asks before `remove`: an account does not come back."""
    with database.transaction() as session:
        user = people.one(session, user_id)
        held = len(tokens.of_person(session, user_id))
    return render_template("remove_person.html", user=user, held=held)


@blueprint.post("/people/<int:user_id>/remove")
@needs(Role.ADMIN)
def remove(user_id: int) -> ResponseReturnValue:
    try:
        with database.transaction() as session:
            user = people.remove(session, user_id)
            audit.note_in(session, "user.remove", user.name, role=user.role)
    except LastAdmin as error:
        return _one(user_id, refused=error.args[0]), 409
    flash(user.name, "user_removed")
    return redirect(url_for("people.index"), 303)


def _list(form: PersonForm, **shown: Any) -> str:
    with database.transaction() as session:
        everyone = people.everyone(session)
    return render_template("people.html", everyone=everyone, form=form, **shown)


def _one(user_id: int, **shown: Any) -> str:
    with database.transaction() as session:
        user = people.one(session, user_id)
        held = tokens.of_person(session, user_id)
    given = {"role_form": RoleForm(obj=user), "password_form": PasswordForm()} | shown
    is_self = user_id == current_user.user_id
    return render_template("person.html", user=user, tokens=held, is_self=is_self, **given)
