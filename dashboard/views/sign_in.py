"""Signing in and out.

A failure is logged and not written down: a stranger must not be able to fill a table.
"""

import logging

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user, logout_user

from dashboard import limits, visitors
from dashboard.forms import SignInForm
from dashboard.gate import needs
from dashboard.returns import own_path
from orchestrator import database
from orchestrator.exceptions import SignInRefused
from orchestrator.ledger import audit, people
from orchestrator.ledger.models import Role

logger = logging.getLogger(__name__)

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
            audit.record(ledger, user.name, "sign_in", user.name)
    except SignInRefused:
        _log_failure(form.name.data or "")
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


def _log_failure(name: str) -> None:
    where = request.remote_addr
    logger.warning(
        "Somebody at %s failed to sign in as %s",
        where,
        ascii(name[:50]),
        extra={"action": "sign_in_failed", "address": where},
    )


def _next() -> str:
    return own_path(request.args.get("next", "")) or url_for("home.index")
