"""A target's items a page at a time, as a list shows them."""

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ScalarSelect,
    Text,
    case,
    cast,
    column,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import InstrumentedAttribute, Session

from orchestrator.ledger import finding
from orchestrator.ledger.finding import MOST_COUNTED, CutOff, at_most
from orchestrator.ledger.item_views import ItemView, Place
from orchestrator.ledger.models import ScrapedItem

_FIELDS, _LETTERS = 30, 300
#: Of whole items a page ends with the one that goes beyond, however many were asked for.
_MOST_LETTERS = 4_000_000
#: A field with a longer name is not shown in a list.
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item as a list shows it: some of its fields, long ones as the beginning of their text."""

    id: int
    key: str
    first_seen_at: datetime
    last_seen_at: datetime
    changed_at: datetime
    gone_at: datetime | None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ItemPage:
    """A page of items and what is known of all that fit."""

    items: Sequence[ItemRow] = ()
    #: How many fit; above `most` there are more than it says, None: it would take too long.
    count: int | None = None
    next: Place | None = None
    most: int = MOST_COUNTED
    #: Words were looked for no further than to `next`, and there may be more of them.
    looked_to: bool = False
    #: There is too much to look through: narrow it first, or ask for a listing.
    cut_off: bool = False

    @property
    def fields(self) -> list[str]:
        """The names of the fields on this page, the most frequent first."""
        counts = Counter(name for item in self.items for name in item.data)
        return [name for name, _ in counts.most_common()]


@dataclass(frozen=True, slots=True)
class WholeItem:
    """An item with all its data, as JSON."""

    id: int
    key: str
    first_seen_at: datetime
    last_seen_at: datetime
    changed_at: datetime
    gone_at: datetime | None
    data: str


@dataclass(frozen=True, slots=True)
class WholePage:
    """A page of whole items, and behind which one the next begins."""

    items: Sequence[WholeItem] = ()
    next: Place | None = None
    #: There is too much to look through: narrow it first.
    cut_off: bool = False


def page(
    session: Session,
    target_id: int,
    view: ItemView,
    *,
    after: Place | None = None,
    columns: Sequence[str] = (),
    size: int = 50,
) -> ItemPage:
    """The items behind `after`; of each its first fields, and `columns` whichever they are."""
    try:
        with at_most(session, finding.SEARCH_MILLISECONDS):
            found = finding.find(session, target_id, view, after, size + 1)
            shown = found.rows[:size]
            items = rows(session, [row.id for row in shown], columns)
    except CutOff:
        return ItemPage(cut_off=True)
    if found.looked_to:
        return ItemPage(items, None, found.looked_to, looked_to=True)
    last = Place(shown[-1].id, shown[-1].at) if len(found.rows) > size else None
    if after is None and last is None:
        return ItemPage(items, len(items))
    return ItemPage(items, found.count(), last, most=found.most)


def whole_page(
    session: Session, target_id: int, view: ItemView, *, after: Place | None = None, size: int = 50
) -> WholePage:
    """The items behind `after` with all their data; fewer than `size` when they are large."""
    try:
        with at_most(session, finding.SEARCH_MILLISECONDS):
            found = finding.find(session, target_id, view, after, size + 1)
            places = {row.id: Place(row.id, row.at) for row in found.rows[:size]}
            items, last = _whole(session, list(places))
    except CutOff:
        return WholePage(cut_off=True)
    if last is not None:
        return WholePage(items, places[last])
    if found.looked_to:
        return WholePage(items, found.looked_to)
    return WholePage(items, list(places.values())[-1] if len(found.rows) > size else None)


def _whole(session: Session, ids: Sequence[int]) -> tuple[list[WholeItem], int | None]:
    """Those items in this order, and the id of the last one read when there was too much."""
    listed = (
        func.unnest(literal(list(ids), ARRAY(BigInteger)))
        .table_valued(column("id", BigInteger), with_ordinality="place")
        .render_derived()
    )
    columns = (
        ScrapedItem.id,
        ScrapedItem.key,
        ScrapedItem.first_seen_at,
        ScrapedItem.last_seen_at,
        ScrapedItem.changed_at,
        ScrapedItem.gone_at,
        ScrapedItem.data,
    )
    ordered = (
        select(*columns)
        .join(listed, listed.c.id == ScrapedItem.id)
        .order_by(listed.c.place)
        # Sorted before the data is written out, which is what takes the room.
        .offset(0)
        .subquery()
    )
    told = [*(each for each in ordered.c if each.name != "data"), cast(ordered.c.data, Text)]
    query: Any = select(*told)
    items: list[WholeItem] = []
    letters = 0
    with session.execute(query, execution_options={"yield_per": 10}) as rows:
        for row in rows:
            items.append(WholeItem(*row))
            letters += len(items[-1].data)
            if letters > _MOST_LETTERS and items[-1].id != ids[-1]:
                return items, items[-1].id
    return items, None


def of_job(session: Session, job_id: uuid.UUID, *, most: int = 20) -> list[ItemRow]:
    """The first items whose latest sighting was in this job."""
    # Ordered by both, as the index has them: by id alone Postgres would walk the whole table.
    found = session.scalars(
        select(ScrapedItem.id)
        .where(ScrapedItem.last_job_id == job_id)
        .order_by(ScrapedItem.last_job_id, ScrapedItem.id)
        .limit(most)
    )
    return rows(session, found.all(), ())


def rows(session: Session, ids: Sequence[int], columns: Sequence[str]) -> list[ItemRow]:
    """Those items as a list shows them, in this order; without those that are gone."""
    found = session.execute(
        select(
            ScrapedItem.id,
            ScrapedItem.key,
            ScrapedItem.first_seen_at,
            ScrapedItem.last_seen_at,
            ScrapedItem.changed_at,
            ScrapedItem.gone_at,
            preview(ScrapedItem.data, columns).label("data"),
        ).where(ScrapedItem.id.in_(ids))
    )
    by_id = {row.id: ItemRow(**row._asdict()) for row in found}
    return [by_id[each] for each in ids if each in by_id]


def preview(
    data: InstrumentedAttribute[dict[str, Any]], columns: Sequence[str] = ()
) -> ScalarSelect[dict[str, Any]]:
    """Cut by the database: an item may be megabytes, and a page shows many."""
    each = (
        func.jsonb_each(data)
        .table_valued(column("name", Text), column("value", JSONB), with_ordinality="place")
        .render_derived()
    )
    text = each.c.value.op("#>>", return_type=Text())("{}")
    cut = func.to_jsonb(func.left(text, _LETTERS))
    value = case((func.length(text) > _LETTERS, cut), else_=each.c.value)
    return (
        select(func.coalesce(func.jsonb_object_agg(each.c.name, value), func.jsonb_build_object()))
        .where(
            or_(each.c.place <= _FIELDS, each.c.name.in_(columns)),
            func.length(each.c.name) <= LONGEST_NAME,
        )
        .correlate(data.class_)
        .scalar_subquery()
    )
