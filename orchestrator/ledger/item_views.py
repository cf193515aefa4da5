"""How a person looks at a target's items: which, in which order, from where on.

A number that a site writes as text counts as one, in comparing and in sorting: half of all prices
are scraped so. A field is sorted as jsonb, nothing last.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Numeric,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import InstrumentedAttribute, aliased

from orchestrator.ledger import lexemes
from orchestrator.ledger.models import ItemAbsence, ItemRevision, ScrapedItem

#: What a field is sorted by has this before its name, so that a field may be called `changed_at`.
FIELD = "data."
TIMES: dict[str, InstrumentedAttribute[datetime]] = {
    "changed_at": ScrapedItem.changed_at,
    "first_seen_at": ScrapedItem.first_seen_at,
    "last_seen_at": ScrapedItem.last_seen_at,
}
#: Longer text is no number.
_LONGEST_NUMBER = 60


class Operator(StrEnum):
    """How a field is compared."""

    IS = "is"  #: Equal as text or as a number; from the index.
    CONTAINS = "contains"  #: The text anywhere in it, in capitals or not.
    GREATER = "greater"  #: As numbers when the value is one, else as text.
    LESS = "less"
    EMPTY = "empty"  #: Missing, null, or nothing in it.
    NOT_EMPTY = "not_empty"


class Sighting(StrEnum):
    """What a job had to do with an item."""

    LAST = "last"  #: It saw it, and no later job has.
    FIRST = "first"  #: It found it.
    CHANGED = "changed"  #: It found it changed.
    MISSED = "missed"  #: It should have seen it, and the item was gone.
    BACK = "back"  #: It saw it again after it had been gone.


class Presence(StrEnum):
    """Whether an item is still to be found on its site."""

    THERE = "there"  #: As far as anybody has looked.
    GONE = "gone"  #: The last job that should have seen it did not.


@dataclass(frozen=True, slots=True)
class FieldFilter:
    """A condition on one field."""

    field: str
    operator: Operator
    value: str = ""


@dataclass(frozen=True, slots=True)
class ItemView:
    """Which items of a target, and in which order."""

    search: str = ""
    filters: tuple[FieldFilter, ...] = ()
    job_id: uuid.UUID | None = None
    sighting: Sighting = Sighting.LAST
    new_since: datetime | None = None
    changed_since: datetime | None = None
    #: Last seen at this moment or after it, and …
    seen_since: datetime | None = None
    #: … first seen before this one: with both, what was there between them.
    seen_until: datetime | None = None
    #: None: both.
    presence: Presence | None = None
    #: One of TIMES, or FIELD and the name of a field.
    sort: str = "changed_at"
    ascending: bool = False

    @property
    def field(self) -> str | None:
        """The field it is sorted by, if by one."""
        return None if self.sort in TIMES else self.sort.removeprefix(FIELD)

    @property
    def asks_words(self) -> bool:
        return bool(self.search) or any(each.operator is Operator.IS for each in self.filters)

    @property
    def asks_words_only(self) -> bool:
        others = [each for each in self.filters if each.operator is not Operator.IS]
        times = (self.new_since, self.changed_since, self.seen_since, self.seen_until)
        beside = (self.job_id, self.presence, *times)
        return self.asks_words and not others and not any(beside)


@dataclass(frozen=True, slots=True)
class Place:
    """Behind which item a page begins. The time is None in the order of a field."""

    item_id: int
    at: datetime | None = None


def words(target_id: int, view: ItemView) -> str | None:
    """What to look for in the words of items."""
    equal = [(each.field, each.value) for each in view.filters if each.operator is Operator.IS]
    return lexemes.query(target_id, view.search, equal)


def conditions(target_id: int, view: ItemView) -> list[ColumnElement[bool]]:
    """All of them but the words."""
    found: list[ColumnElement[bool]] = [ScrapedItem.target_id == target_id]
    if view.job_id:
        found.append(_SIGHTINGS[view.sighting](view.job_id))
    if view.new_since:
        found.append(ScrapedItem.first_seen_at >= view.new_since)
    if view.changed_since:
        found.append(ScrapedItem.changed_at >= view.changed_since)
    if view.seen_since:
        found.append(ScrapedItem.last_seen_at >= view.seen_since)
    if view.seen_until:
        found.append(ScrapedItem.first_seen_at < view.seen_until)
    if view.presence:
        is_there = ScrapedItem.gone_at.is_(None)
        found.append(is_there if view.presence is Presence.THERE else ~is_there)
    return found + [_OPERATORS[each.operator](each.field, each.value) for each in view.filters]


def order(view: ItemView) -> list[ColumnElement[Any]]:
    if view.sort in TIMES:
        column = TIMES[view.sort]
        both = (column, ScrapedItem.id)
        return [each.asc() if view.ascending else each.desc() for each in both]
    value = _comparable(ScrapedItem, view.sort.removeprefix(FIELD))
    if view.ascending:
        return [value.asc().nulls_last(), ScrapedItem.id.asc()]
    return [value.desc().nulls_last(), ScrapedItem.id.desc()]


def behind(view: ItemView, place: Place) -> ColumnElement[bool]:
    """The items after that one, in the view's order."""
    if view.sort in TIMES:
        key = tuple_(TIMES[view.sort], ScrapedItem.id)
        known = tuple_(literal(place.at), literal(place.item_id, BigInteger))
        return key > known if view.ascending else key < known
    return _behind_value(view, place.item_id)


def _behind_value(view: ItemView, item_id: int) -> ColumnElement[bool]:
    """The last item's own value says where it stood: it may be too large for an address."""
    field = view.sort.removeprefix(FIELD)
    other = aliased(ScrapedItem)
    last: ColumnElement[Any] = (
        select(_comparable(other, field)).where(other.id == item_id).scalar_subquery()
    )
    value, item = _comparable(ScrapedItem, field), ScrapedItem.id
    later = item > item_id if view.ascending else item < item_id
    further = value > last if view.ascending else value < last
    return case(
        (last.is_(None), and_(value.is_(None), later)),
        else_=or_(further, and_(value == last, later), value.is_(None)),
    )


def _comparable(items: Any, field: str) -> ColumnElement[Any]:
    """A field as something to sort by; null when there is nothing in it."""
    value = items.data.op("->", return_type=JSONB())(field)
    number = func.to_jsonb(_number(items, field), type_=JSONB())
    nothing = cast(literal("null", Text), JSONB)
    return func.coalesce(number, func.nullif(value, nothing), type_=JSONB())


def _text(items: Any, field: str) -> ColumnElement[str]:
    text: ColumnElement[str] = items.data.op("->>", return_type=Text())(field)
    return text


def _number(items: Any, field: str) -> ColumnElement[Any]:
    # Cut before the comparison: the text may be megabytes.
    text = func.left(_text(items, field), _LONGEST_NUMBER)
    is_one = text.op("~", return_type=None)(lexemes.NUMBER)
    return case((is_one, cast(text, Numeric)), else_=null())


def _is(field: str, value: str) -> ColumnElement[bool]:
    same = _text(ScrapedItem, field) == value
    known = lexemes.number(value)
    return same if known is None else or_(same, _number(ScrapedItem, field) == known)


def _contains(field: str, value: str) -> ColumnElement[bool]:
    return _text(ScrapedItem, field).icontains(value, autoescape=True)


def _greater(field: str, value: str) -> ColumnElement[bool]:
    known = lexemes.number(value)
    if known is None:
        return _text(ScrapedItem, field) > value
    return _number(ScrapedItem, field) > known


def _less(field: str, value: str) -> ColumnElement[bool]:
    known = lexemes.number(value)
    if known is None:
        return _text(ScrapedItem, field) < value
    return _number(ScrapedItem, field) < known


def _empty(field: str, _: str) -> ColumnElement[bool]:
    return func.coalesce(_text(ScrapedItem, field), "").in_(("", "[]", "{}"))


def _not_empty(field: str, _: str) -> ColumnElement[bool]:
    return ~_empty(field, "")


def _changed_by(job_id: uuid.UUID) -> ColumnElement[bool]:
    return ScrapedItem.id.in_(select(ItemRevision.item_id).where(ItemRevision.job_id == job_id))


def _absent(column: InstrumentedAttribute[uuid.UUID | None], job_id: uuid.UUID) -> Any:
    return ScrapedItem.id.in_(select(ItemAbsence.item_id).where(column == job_id))


_OPERATORS: dict[Operator, Callable[[str, str], ColumnElement[bool]]] = {
    Operator.IS: _is,
    Operator.CONTAINS: _contains,
    Operator.GREATER: _greater,
    Operator.LESS: _less,
    Operator.EMPTY: _empty,
    Operator.NOT_EMPTY: _not_empty,
}
_SIGHTINGS: dict[Sighting, Callable[[uuid.UUID], ColumnElement[bool]]] = {
    Sighting.LAST: lambda job_id: ScrapedItem.last_job_id == job_id,
    Sighting.FIRST: lambda job_id: ScrapedItem.first_job_id == job_id,
    Sighting.CHANGED: _changed_by,
    Sighting.MISSED: lambda job_id: _absent(ItemAbsence.gone_job_id, job_id),
    Sighting.BACK: lambda job_id: _absent(ItemAbsence.back_job_id, job_id),
}
