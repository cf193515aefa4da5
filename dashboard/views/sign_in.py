"""Signing in and out."""

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user, logout_user

from dashboard import limits, visitors
from dashboard.forms import SignInForm
from dashboard.gate import needs
from dashboard.returns import own_path
from orchestrator import database
from orchestrator.exceptions import SignInRefused
from orchestrator.ledger import people
from orchestrator.ledger.models import Role

blueprint = Blueprint("sign_in", __name__)


@blueprint.get("/sign-in")
def form() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return redirect(_next())
    with database.transaction() as ledger:
        nobody = people.count(ledger) == 0
    return render_template("sign_in.html", form=SignInForm(), nobody=nobody)


@blueprint.post("/sign-in")
@limits.failed_sign_ins_by_address
@limits.failed_sign_ins_by_name
def enter() -> ResponseReturnValue:
    form = SignInForm()
    try:
        with database.transaction() as ledger:
            user = people.sign_in(ledger, form.name.data or "", form.password.data or "")
            people.record(ledger, user.name, "sign_in", user.name)
    except SignInRefused:
        return render_template("sign_in.html", form=form, refused=True), 401
    # A session that a stranger may have planted before ends here.
    session.clear()
    session.permanent = True
    login_user(visitors.of(user))
    return redirect(_next(), 303)


@blueprint.post("/sign-out")
@needs(Role.VIEWER)
def leave() -> ResponseReturnValue:
    logout_user()
    session.clear()
    return redirect(url_for("sign_in.form"), 303)


def _next() -> str:
    return own_path(request.args.get("next", "")) or url_for("targets.index")
