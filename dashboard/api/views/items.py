"""Items: those of a target, one with its life, and all of a target as a file."""

from typing import Any
from uuid import uuid4

import orjson
from flask import Response, request

from dashboard import downloads, formats
from dashboard.api import cursors, entity_tags, lists
from dashboard.api.models.items import (
    FieldChanged,
    Item,
    ItemFilter,
    ItemList,
    ItemQuery,
    KeyQuery,
    Revision,
    RevisionList,
)
from dashboard.api.models.shown import ListQuery
from dashboard.api.problems import RequestInvalid
from dashboard.api.routes import Answer, Routes
from dashboard.api.views.targets import found
from orchestrator import database
from orchestrator.exceptions import Invalid
from orchestrator.ledger import browsing, revisions, timelines
from orchestrator.ledger.browsing import WholeItem
from orchestrator.ledger.item_views import FieldFilter, ItemView, Place
from orchestrator.ledger.models import Role
from orchestrator.ledger.revisions import Difference

routes = Routes("items", "What was scraped.")

_ETAG = {"ETag": "Of all that is told of it."}
_TOO_MUCH = (
    "There is too much to look through for a list; narrow it, ask for the latest changes first, or "
    "take the items as a file."
)


@routes.add(
    "GET",
    "/targets/<target>/items",
    needs=Role.VIEWER,
    query=ItemQuery,
    answers={200: Answer("The items, in that order.", ItemList)},
)
def of_target(target: str, query: ItemQuery) -> Response:
    """List the items of a target.

    A part may be short, or empty, while there are more: `next` alone says whether there are. What
    would take too long to look through is refused; as a file it may take two minutes.
    """
    of = found(target)
    with database.transaction() as session:
        page = browsing.whole_page(
            session, of.id, _ordered(query), after=_place(query.cursor), size=query.limit
        )
    if page.cut_off:
        raise Invalid(_TOO_MUCH)
    rows = [_told(item, of.name) for item in page.items]
    return lists.told_as_json(rows, _cursor(page.next))


@routes.add(
    "GET",
    "/targets/<target>/items.<any(csv,jsonl,xlsx,parquet):kind>",
    needs=Role.VIEWER,
    query=ItemFilter,
    answers={
        200: Answer(
            "The file, as it is read from the database.",
            headers={"Content-Disposition": "With a name for the file."},
            media_types=tuple(kind.mimetype for kind in formats.ALL),
        )
    },
)
def export(target: str, kind: str, query: ItemFilter) -> Response:
    """Take the items of a target as a file.

    In CSV and XLSX cells that a spreadsheet would take for a formula are marked as text. Who took
    what is in the audit list. Parquet needs its extra.
    """
    of, format_ = found(target), formats.named(kind)
    if request.method == "HEAD":
        disposition = {"Content-Disposition": downloads.disposition(of, format_)}
        return Response(mimetype=format_.mimetype, headers=disposition)
    asked = {name: texts[:12] for name, texts in request.args.lists()}
    return downloads.answer(of, _view(query), format_, wanted_id=uuid4(), asked=asked)


@routes.add(
    "GET",
    "/targets/<target>/items/by-key",
    needs=Role.VIEWER,
    query=KeyQuery,
    headers=entity_tags.IF_NONE_MATCH,
    answers={200: Answer("The item.", Item, _ETAG), **entity_tags.UNCHANGED},
)
def by_key(target: str, query: KeyQuery) -> Response:
    """Read the item of a target that has this key."""
    of = found(target)
    with database.transaction() as session:
        item_id = revisions.with_key(session, of.id, query.key)
    return one(item_id)


@routes.add(
    "GET",
    "/items/<int:item_id>",
    needs=Role.VIEWER,
    headers=entity_tags.IF_NONE_MATCH,
    answers={200: Answer("The item.", Item, _ETAG), **entity_tags.UNCHANGED},
)
def one(item_id: int) -> Response:
    """Read an item."""
    with database.transaction() as session:
        item, target = revisions.one(session, item_id)
        data = revisions.whole(session, item_id)
    times = (item.first_seen_at, item.last_seen_at, item.changed_at, item.gone_at)
    told = _told(WholeItem(item.id, item.key, *times, data), target.name)
    return entity_tags.conditional(Response(told, mimetype="application/json"))


@routes.add(
    "GET",
    "/items/<int:item_id>/revisions",
    needs=Role.VIEWER,
    query=ListQuery,
    answers={200: Answer("What happened to it, the newest first.", RevisionList)},
)
def life(item_id: int, query: ListQuery) -> Response:
    """List what happened to an item: found, changed, gone, back."""
    before = None
    if query.cursor:
        at, rank, row = cursors.read(query.cursor)
        before = timelines.Place(cursors.moment_of(at), rank, row)
    with database.transaction() as session:
        revisions.one(session, item_id)
        page = timelines.page(session, item_id, before=before, size=query.limit)
    older = page.older
    place = cursors.written(cursors.moment(older.at), older.rank, older.id) if older else None
    return lists.told(
        (
            Revision(kind=event.kind, at=event.place.at, job_id=event.job_id, **_fields(event))
            for event in page.events
        ),
        place,
    )


def changed_fields(difference: Difference | None) -> dict[str, Any]:
    if difference is None:
        return {"fields": [], "more_fields": 0}
    fields = [FieldChanged.model_validate(each) for each in difference.fields]
    return {"fields": fields, "more_fields": difference.hidden}


def _fields(event: timelines.Event) -> dict[str, Any]:
    return changed_fields(event.difference)


def _told(item: WholeItem, target: str) -> bytes:
    told = {
        "id": item.id,
        "target": target,
        "key": item.key,
        "first_seen_at": item.first_seen_at,
        "last_seen_at": item.last_seen_at,
        "changed_at": item.changed_at,
        "gone_at": item.gone_at,
        # As it is stored: its numbers may be longer than any that Python would write again.
        "data": orjson.Fragment(item.data),
    }
    return orjson.dumps(told, option=orjson.OPT_UTC_Z)


def _ordered(query: ItemQuery) -> ItemView:
    return _view(query, sort=query.sort, ascending=query.order == "up")


def _view(query: ItemFilter, **order: Any) -> ItemView:
    return ItemView(
        search=query.q.strip(),
        filters=_filters(query),
        job_id=query.job,
        sighting=query.saw,
        new_since=query.first_seen_since,
        changed_since=query.changed_since,
        seen_since=query.seen_since,
        seen_until=query.seen_until,
        presence=query.there,
        **order,
    )


def _filters(query: ItemFilter) -> tuple[FieldFilter, ...]:
    try:
        return tuple(
            FieldFilter(*row) for row in zip(query.field, query.operator, query.value, strict=True)
        )
    except ValueError as error:
        raise RequestInvalid(
            {"field": "needs an `is` and a `value` each time it is given, though empty"}
        ) from error


def _place(cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    item_id, at = cursors.read(cursor)
    return Place(item_id, cursors.moment_of(at))


def _cursor(place: Place | None) -> str | None:
    # Lists are in the order of a time.
    return cursors.written(place.item_id, cursors.moment(place.at)) if place and place.at else None
