"""Items: those of a target, and one with its history."""

from time import monotonic, sleep
from typing import Any

import orjson
from flask import Blueprint, Response, redirect, render_template
from flask.typing import ResponseReturnValue

from dashboard import formats, item_views, lives, words
from dashboard.gate import needs
from orchestrator import database, triggers
from orchestrator.ledger import (
    held_changes,
    listings,
    revisions,
    search,
    targets,
    timelines,
    trends,
)
from orchestrator.ledger.item_views import Operator, Sighting
from orchestrator.ledger.models import ChangeKind, Role

blueprint = Blueprint("items", __name__)

#: Fields to choose from in a form.
_MOST_OFFERED = 40
_MOMENT_SECONDS, _LOOK_SECONDS = 0.8, 0.05


@blueprint.get("/targets/<int:target_id>/items")
def of_target(target_id: int) -> ResponseReturnValue:
    asked = item_views.asked()
    with database.transaction() as session:
        target = targets.find(session, target_id)
        known = search.knowledge(session)
        held = held_changes.of_target(session, target.id)
        listed = listings.page(
            session, target.id, asked.view, after=asked.after, columns=asked.columns
        )
    page = listed.items
    # What a form can send back unharmed.
    fields = [name for name in page.fields if words.plain(name) == name][:_MOST_OFFERED]
    shown = {"target": target, "asked": asked, "page": page, "known": known, "fields": fields}
    shown |= {"listing": listed.listing, "next_number": listed.next_number, "held": held}
    return render_template("items.html", **shown, **_names())


@blueprint.post("/targets/<int:target_id>/items/listing")
@needs(Role.VIEWER)
def list_all(target_id: int) -> ResponseReturnValue:
    """Has the items put in the order that the address names, and leads to them."""
    view = item_views.asked().view
    with database.transaction() as session:
        targets.find(session, target_id)
    listing_id = triggers.list_items(target_id, view)
    _wait_for(listing_id)
    return redirect(item_views.address("items.of_target", target_id), 303)


@blueprint.get("/items/<int:item_id>")
def one(item_id: int) -> ResponseReturnValue:
    with database.transaction() as session:
        item, target = revisions.one(session, item_id)
        fields, hidden = revisions.fields(session, item_id)
        timeline = timelines.page(session, item_id, before=lives.asked())
        drawn = lives.drawn(trends.of_item(session, item_id))
    shown = {"item": item, "target": target, "fields": fields, "hidden": hidden}
    life = {"timeline": timeline, "trends": drawn, "Kind": ChangeKind, "place": lives.place}
    return render_template("item.html", **shown, **life)


@blueprint.get("/items/<int:item_id>.json")
def whole(item_id: int) -> ResponseReturnValue:
    with database.transaction() as session:
        item, target = revisions.one(session, item_id)
        data = revisions.whole(session, item_id)
    told = {
        "id": item.id,
        "target": target.name,
        "key": item.key,
        "first_seen_at": item.first_seen_at,
        "last_seen_at": item.last_seen_at,
        "changed_at": item.changed_at,
        "gone_at": item.gone_at,
        "data": orjson.Fragment(data),
    }
    answer = Response(orjson.dumps(told), mimetype="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="item-{item.id}.json"'
    return answer


def _wait_for(listing_id: int) -> None:
    """A moment: most are made by then, and whoever pressed sees them at once."""
    until = monotonic() + _MOMENT_SECONDS
    while monotonic() < until:
        with database.transaction() as session:
            if listings.is_made(session, listing_id):
                return
        sleep(_LOOK_SECONDS)


def _names() -> dict[str, Any]:
    return {
        "Operator": Operator,
        "Sighting": Sighting,
        "formats": formats.ALL,
        "address": item_views.address,
        "place": item_views.place,
    }
