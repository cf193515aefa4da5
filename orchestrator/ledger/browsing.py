"""A target's items a page at a time, within a bounded time.

The latest changes, words and whole values are read from indexes. Any other order or comparison has
to look at all items of the target, so it is given two seconds; what takes longer is cut off, and
the page says so instead of keeping people and the database waiting.
"""

import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ScalarSelect,
    Select,
    Text,
    case,
    cast,
    column,
    false,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSQUERY
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from orchestrator.ledger import item_views
from orchestrator.ledger.item_views import TIMES, ItemView, Place
from orchestrator.ledger.models import ItemWords, ScrapedItem

#: More are not counted.
MOST_COUNTED = 10_000
#: Items with a word that are counted, and named one by one; each costs a look at the table.
_FEW = 3_000
_PAGE_MILLISECONDS, _COUNT_MILLISECONDS = 2_000, 500
#: For the places of a hundred thousand items that have a word; with less, Postgres keeps whole
#: blocks in their stead and reads all of these.
_MEMORY = "32MB"
_FIELDS, _LETTERS = 30, 300
#: A field with a longer name is not shown in a list.
LONGEST_NAME = 200
_CANCELLED = "57014"


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
    #: Looking took too long: narrow it first.
    cut_off: bool = False

    @property
    def fields(self) -> list[str]:
        """The names of the fields on this page, the most frequent first."""
        counts = Counter(name for item in self.items for name in item.data)
        return [name for name, _ in counts.most_common()]


class _CutOffError(Exception):
    """The statement took longer than it was given."""


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
        with _at_most(session, _PAGE_MILLISECONDS):
            where, number = _where(session, target_id, view)
            found = session.execute(_placed(view, where, after).limit(size + 1)).all()
            shown = found[:size]
            items = _rows(session, [row.id for row in shown], columns)
    except _CutOffError:
        return ItemPage(cut_off=True)
    last = Place(shown[-1].id, shown[-1].at) if len(found) > size else None
    if after is None and last is None:
        return ItemPage(items, len(items))
    if view.asks_words_only:
        return ItemPage(items, number, last, most=_FEW)
    return ItemPage(items, _count(session, where), last)


def of_job(session: Session, job_id: uuid.UUID, *, most: int = 20) -> list[ItemRow]:
    """The first items whose latest sighting was in this job."""
    # Ordered by both, as the index has them: by id alone Postgres would walk the whole table.
    found = session.scalars(
        select(ScrapedItem.id)
        .where(ScrapedItem.last_job_id == job_id)
        .order_by(ScrapedItem.last_job_id, ScrapedItem.id)
        .limit(most)
    )
    return _rows(session, found.all(), ())


def ids(target_id: int, view: ItemView, session: Session) -> Select[*tuple[Any, ...]]:
    """The ids of all items that fit, in the view's order."""
    where, _ = _where(session, target_id, view)
    return _placed(view, where, None).with_only_columns(ScrapedItem.id)


def _where(
    session: Session, target_id: int, view: ItemView
) -> tuple[list[ColumnElement[bool]], int | None]:
    """What an item must be, and how many have the words, as far as they are counted.

    Few that have them are named; of many, each item in the view's order is asked. Otherwise the
    planner guesses, and for a frequent word sorts half a million items.
    """
    where = item_views.conditions(target_id, view)
    if not view.asks_words:
        return where, None
    text = item_views.words(target_id, view)
    if text is None:
        return [false()], 0
    matching = ItemWords.words.op("@@", return_type=None)(cast(literal(text, Text), TSQUERY))
    some = select(ItemWords.item_id).where(matching).limit(_FEW + 1).subquery()
    # As one value: so many rows take longer to read than to find.
    found = session.scalar(select(func.array_agg(some.c.item_id))) or []
    if len(found) <= _FEW:
        named = select(func.unnest(literal(list(found), ARRAY(BigInteger))))
        return [*where, ScrapedItem.id.in_(named)], len(found)
    asked = select(matching).where(ItemWords.item_id == ScrapedItem.id).correlate(ScrapedItem)
    return [*where, asked.scalar_subquery()], len(found)


def _placed(
    view: ItemView, where: list[ColumnElement[bool]], after: Place | None
) -> Select[*tuple[Any, ...]]:
    at = TIMES.get(view.sort)
    query = select(ScrapedItem.id, (literal(None) if at is None else at).label("at")).where(*where)
    if after:
        query = query.where(item_views.behind(view, after))
    return query.order_by(*item_views.order(view))


def _count(session: Session, where: list[ColumnElement[bool]]) -> int | None:
    some = select(ScrapedItem.id).where(*where).limit(MOST_COUNTED + 1).subquery()
    try:
        with _at_most(session, _COUNT_MILLISECONDS):
            return session.scalar(select(func.count()).select_from(some))
    except _CutOffError:
        return None


def _rows(session: Session, ids: Sequence[int], columns: Sequence[str]) -> list[ItemRow]:
    found = session.execute(
        select(
            ScrapedItem.id,
            ScrapedItem.key,
            ScrapedItem.first_seen_at,
            ScrapedItem.last_seen_at,
            ScrapedItem.changed_at,
            ScrapedItem.gone_at,
            _preview(columns).label("data"),
        ).where(ScrapedItem.id.in_(ids))
    )
    by_id = {row.id: ItemRow(**row._asdict()) for row in found}
    return [by_id[each] for each in ids if each in by_id]


def _preview(columns: Sequence[str]) -> ScalarSelect[dict[str, Any]]:
    """Cut by the database: an item may be megabytes, and a page shows many."""
    each = (
        func.jsonb_each(ScrapedItem.data)
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
        .correlate(ScrapedItem)
        .scalar_subquery()
    )


@contextmanager
def _at_most(session: Session, milliseconds: int) -> Iterator[None]:
    """Raises _CutOffError, and then the transaction is as it was before."""
    try:
        with session.begin_nested():
            limit = func.set_config("statement_timeout", str(milliseconds), True)
            memory = func.set_config("work_mem", _MEMORY, True)
            session.execute(select(limit, memory))
            yield
    except DBAPIError as error:
        if getattr(error.orig, "pgcode", None) == _CANCELLED:
            raise _CutOffError from error
        raise
