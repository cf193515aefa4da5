"""API tokens of everybody, for admins; anybody revokes their own."""

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dashboard import audit, page_keys
from dashboard.gate import needs
from dashboard.returns import back
from orchestrator import database
from orchestrator.ledger import tokens
from orchestrator.ledger.models import Role

blueprint = Blueprint("tokens", __name__)

_PAGE = 100


@blueprint.get("/tokens")
@needs(Role.ADMIN)
def index() -> ResponseReturnValue:
    older_than = page_keys.number(request.args.get("older"))
    with database.transaction() as session:
        rows = tokens.everyones(session, older_than=older_than, size=_PAGE)
    older = rows[_PAGE - 1][0].id if len(rows) > _PAGE else None
    return render_template("tokens.html", rows=rows[:_PAGE], older=older)


@blueprint.post("/tokens/<int:token_id>/revoke")
@needs(Role.VIEWER)
def revoke(token_id: int) -> ResponseReturnValue:
    of = None if current_user.may(Role.ADMIN) else current_user.user_id
    with database.transaction() as session:
        name = tokens.revoke(session, token_id, of=of)
        audit.note_in(session, "token.revoke", name)
    flash(name, "token_revoked")
    return back("account.index")
