"""The audit list: who did what, and when; for admins."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from dashboard import page_keys
from dashboard.audit import SENTENCES
from dashboard.gate import needs
from orchestrator import database
from orchestrator.ledger import audit
from orchestrator.ledger.models import Role

blueprint = Blueprint("audit_log", __name__)


@blueprint.get("/audit")
@needs(Role.ADMIN)
def index() -> ResponseReturnValue:
    which = audit.Which(_word("who"), _word("action"))
    older, newer = (page_keys.number(request.args.get(name)) for name in ("older", "newer"))
    with database.transaction() as session:
        page = audit.page(session, which, older_than=older, newer_than=newer)
        names = audit.names(session)
        living = audit.living(session, page.entries)
    return render_template(
        "audit_log.html", page=page, which=which, names=names, living=living, actions=SENTENCES
    )


def _word(name: str) -> str | None:
    """What an address asks for; Postgres cannot even be asked for some texts."""
    text = request.args.get(name, "").replace("\0", "\ufffd")[:300]
    return text.encode(errors="replace").decode() or None
