"""Exports: a download of the items that a view shows, and how far it has come."""

from uuid import UUID, uuid4

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from dashboard import downloads, formats, item_views
from dashboard.gate import needs
from orchestrator import database
from orchestrator.ledger import exports, targets
from orchestrator.ledger.models import Role

blueprint = Blueprint("exports", __name__)


@blueprint.post("/targets/<int:target_id>/export")
@needs(Role.VIEWER)
def take(target_id: int) -> ResponseReturnValue:
    """A person who may read the items may take them along; it is written down who did."""
    kind = formats.named(request.form.get("format", ""))
    view = item_views.asked().view
    with database.transaction() as session:
        target = targets.find(session, target_id)
    return downloads.answer(target, view, kind, wanted_id=_wanted_id(), asked=item_views.as_json())


@blueprint.get("/exports/<uuid:export_id>")
def one(export_id: UUID) -> ResponseReturnValue:
    with database.transaction() as session:
        export = exports.find(session, export_id)
    return {
        "items": export.items,
        "of": export.view.get("of"),
        "ended": export.ended_at is not None,
        "trouble": gettext(export.trouble) if export.trouble else None,
    }


def _wanted_id() -> UUID:
    """The page's own, so that its script knows what to ask after."""
    try:
        return UUID(request.form.get("export", ""))
    except ValueError:
        return uuid4()
