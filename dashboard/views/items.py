"""Items: those of a target, and one with its history."""

from typing import Any

import orjson
from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from dashboard import formats, item_views, lives, words
from orchestrator import database
from orchestrator.ledger import browsing, revisions, search, targets, timelines, trends
from orchestrator.ledger.item_views import Operator, Sighting
from orchestrator.ledger.timelines import Kind

blueprint = Blueprint("items", __name__)

#: Fields to choose from in a form.
_MOST_OFFERED = 40


@blueprint.get("/targets/<int:target_id>/items")
def of_target(target_id: int) -> ResponseReturnValue:
    asked = item_views.asked()
    with database.transaction() as session:
        target = targets.find(session, target_id)
        known = search.knowledge(session)
        page = browsing.page(
            session, target.id, asked.view, after=asked.after, columns=asked.columns
        )
    # What a form can send back unharmed.
    fields = [name for name in page.fields if words.plain(name) == name][:_MOST_OFFERED]
    shown = {"target": target, "asked": asked, "page": page, "known": known, "fields": fields}
    return render_template("items.html", **shown, **_names())


@blueprint.get("/items/<int:item_id>")
def one(item_id: int) -> ResponseReturnValue:
    with database.transaction() as session:
        item, target = revisions.one(session, item_id)
        fields, hidden = revisions.fields(session, item_id)
        timeline = timelines.page(session, item_id, before=lives.asked())
        drawn = lives.drawn(trends.of_item(session, item_id))
    shown = {"item": item, "target": target, "fields": fields, "hidden": hidden}
    life = {"timeline": timeline, "trends": drawn, "Kind": Kind, "place": lives.place}
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


def _names() -> dict[str, Any]:
    return {
        "Operator": Operator,
        "Sighting": Sighting,
        "formats": formats.ALL,
        "address": item_views.address,
        "place": item_views.place,
    }
