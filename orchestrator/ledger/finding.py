"""Finding: which items of a target a view shows next, within a bounded time.

The latest changes, words and whole values are read from indexes. Any other order has to look at all
that fit, and a comparison at those that do not. A few thousand are looked at; beyond that, or half
a second, the search is cut off, and the items can be listed instead.

A frequent word is not looked up, which takes longer than to ask the items that come next whether
they have it. One that is neither frequent nor rare is looked for in so many of them, and then the
page ends and says where to go on.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Select,
    Text,
    cast,
    false,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from orchestrator.ledger import item_views
from orchestrator.ledger.item_views import TIMES, ItemView, Place
from orchestrator.ledger.models import ItemWords, ScrapedItem

#: More are not counted.
MOST_COUNTED = 10_000
#: More are not put in an order that no index has.
MOST_ORDERED = 5_000
#: Items with a word that are counted, and named one by one; each costs a look at the table.
FEW = 1_000
#: Items that are asked for a word before it is looked up, and after it was found too frequent.
_ASKED, _ASKED_FURTHER = 600, 1_200
#: When so many of them have it, to look it up would take too long.
_FREQUENT = 5
SEARCH_MILLISECONDS, _COUNT_MILLISECONDS = 500, 500
#: For the places of a hundred thousand items that have a word; with less, Postgres keeps whole
#: blocks in their stead and reads all of these.
_MEMORY = "32MB"
_CANCELLED = "57014"


class CutOff(Exception):
    """The statement took longer than it was given, or would."""


@dataclass(frozen=True, slots=True)
class Found:
    """The ids that come next, each with its time in the view's order."""

    rows: Sequence[Row[*tuple[Any, ...]]]
    #: How many fit in all; above `most` it says only that there are more, None: not known.
    count: Callable[[], int | None]
    most: int = MOST_COUNTED
    #: It was looked no further than here.
    looked_to: Place | None = None


def find(
    session: Session, target_id: int, view: ItemView, after: Place | None, limit: int
) -> Found:
    """The next ones of the view. Raises CutOff."""
    large = view.asks_words and _are_many(session, [ScrapedItem.target_id == target_id])
    latest = view.sort == "changed_at" and large
    if latest:
        rows = _among_next(session, target_id, view, after, limit)
        if len(rows) == limit:
            return Found(rows, lambda: None)
        if len(rows) >= _FREQUENT:
            return _further(session, target_id, view, after, limit)
    where, number = _where(session, target_id, view)
    if latest and number is not None and number > FEW:
        return _further(session, target_id, view, after, limit)
    if view.sort != "changed_at" and _are_many(session, where, number):
        raise CutOff
    rows = session.execute(_placed(view, where, after).limit(limit)).all()
    if view.asks_words_only:
        return Found(rows, lambda: number, most=FEW)
    return Found(rows, lambda: _count(session, where))


def ids(target_id: int, view: ItemView, session: Session) -> Select[*tuple[Any, ...]]:
    """The ids of all items that fit, in the view's order."""
    where, _ = _where(session, target_id, view)
    return _placed(view, where, None).with_only_columns(ScrapedItem.id)


def numbered(session: Session, target_id: int, view: ItemView) -> Select[*tuple[Any, ...]]:
    """The ids of all items that fit, each with its number in the view's order, from 1."""
    where, _ = _where(session, target_id, view)
    number = func.row_number().over(order_by=item_views.order(view)).label("number")
    return select(ScrapedItem.id, number).where(*where)


def _among_next(
    session: Session, target_id: int, view: ItemView, after: Place | None, limit: int
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Those that have the words, of the next few of all."""
    following = _following(target_id, view, after, _ASKED).subquery()
    has_words = _has_words(target_id, view, following.c.id)
    # In the order they come in: what follows the last one is not asked.
    query = select(following).where(has_words).order_by(*_order(view, following.c))
    return session.execute(query.limit(limit)).all()


def _further(
    session: Session, target_id: int, view: ItemView, after: Place | None, limit: int
) -> Found:
    following = _following(target_id, view, after, _ASKED_FURTHER).subquery()
    asked = select(following, _has_words(target_id, view, following.c.id).label("fits"))
    rows = session.execute(asked.order_by(*_order(view, following.c))).all()
    fitting = [row for row in rows if row.fits][:limit]
    ended = len(fitting) == limit or len(rows) < _ASKED_FURTHER
    looked_to = None if ended else Place(rows[-1].id, rows[-1].at)
    return Found(fitting, lambda: None, looked_to=looked_to)


def _following(
    target_id: int, view: ItemView, after: Place | None, number: int
) -> Select[*tuple[Any, ...]]:
    """The next so many items, with the words or without."""
    return _placed(view, item_views.conditions(target_id, view), after).limit(number)


def _order(view: ItemView, columns: Any) -> list[ColumnElement[Any]]:
    return [(each.asc if view.ascending else each.desc)() for each in (columns.at, columns.id)]


def _has_words(target_id: int, view: ItemView, item_id: Any) -> Any:
    text = item_views.words(target_id, view)
    if text is None:
        return false()
    return select(_match(text)).where(ItemWords.item_id == item_id).scalar_subquery()


def _match(text: str) -> ColumnElement[bool]:
    return ItemWords.words.op("@@", return_type=None)(cast(literal(text, Text), TSQUERY))


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
    matching = _match(text)
    some = select(ItemWords.item_id).where(matching).limit(FEW + 1).subquery()
    # As one value: so many rows take longer to read than to find.
    found = session.scalar(select(func.array_agg(some.c.item_id))) or []
    if len(found) <= FEW:
        named = select(func.unnest(literal(list(found), ARRAY(BigInteger))))
        return [*where, ScrapedItem.id.in_(named)], len(found)
    asked = select(matching).where(ItemWords.item_id == ScrapedItem.id).correlate(ScrapedItem)
    return [*where, asked.scalar_subquery()], len(found)


def _are_many(
    session: Session, where: Sequence[ColumnElement[bool]], number: int | None = None
) -> bool:
    """Whether too many fit to be put in an order; `number` of them have the words, if it is few."""
    if number is not None:
        return number > FEW
    some = select(ScrapedItem.id).where(*where).limit(MOST_ORDERED + 1).subquery()
    return (session.scalar(select(func.count()).select_from(some)) or 0) > MOST_ORDERED


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
        with at_most(session, _COUNT_MILLISECONDS):
            return session.scalar(select(func.count()).select_from(some))
    except CutOff:
        return None


@contextmanager
def at_most(session: Session, milliseconds: int) -> Iterator[None]:
    """Raises CutOff when it takes longer; then the transaction is as it was before."""
    try:
        with session.begin_nested():
            limit = func.set_config("statement_timeout", str(milliseconds), True)
            memory = func.set_config("work_mem", _MEMORY, True)
            session.execute(select(limit, memory))
            yield
    except DBAPIError as error:
        if getattr(error.orig, "pgcode", None) == _CANCELLED:
            raise CutOff from error
        raise
