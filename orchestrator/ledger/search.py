"""Search learns the words of items, a few seconds after a crawl has stored them.

Not in the checkpoint: a crawl must not pay for being searchable. So an item's words carry the hash
of the data they are of; another hash, or none, means that they are still to be learned, and any run
may be killed or repeated without harm.
"""

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import ARRAY, ColumnElement, Text, bindparam, cast, func, select, tuple_, union
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from orchestrator import database
from orchestrator.ledger import lexemes, ticks
from orchestrator.ledger.models import ACTIVE, ItemWords, ScrapedItem, ScrapingJob, Tick

#: What is learned in one transaction.
MOST_ITEMS = 1_000
#: A checkpoint's items bear the time it began at, and show when it has ended.
_MARGIN = timedelta(minutes=2)
#: Data may be megabytes; more at once would not be good for the memory.
_AT_ONCE = 10
_LOCK = 0x6B756D6F5F77

_LEARN = insert(ItemWords).values(
    item_id=bindparam("item_id"),
    content_hash=bindparam("content_hash"),
    words=func.array_to_tsvector(bindparam("lexemes", type_=ARRAY(Text))),
)
_LEARN = _LEARN.on_conflict_do_update(
    index_elements=[ItemWords.item_id],
    set_={"content_hash": _LEARN.excluded.content_hash, "words": _LEARN.excluded.words},
)

_CHANGED = (ScrapedItem.changed_at, ScrapedItem.id)


@dataclass(frozen=True, slots=True)
class _Seen:
    """An item, and whether its words are known as it is now."""

    id: int
    changed_at: datetime
    is_known: bool


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What search knows: everything found until then; None while it reads the first time."""

    until: datetime | None


def knowledge(session: Session) -> Knowledge:
    return Knowledge(session.scalar(select(Tick.at).where(Tick.name == ticks.SEARCH)))


def catch_up(*, seconds: float = 20) -> int:
    """Learns the words of new and changed items for so long at the most; how many items' words.

    The first time it goes through all items, in as many runs as that takes. One at a time: where
    another is at it, it leaves it to that one. Raises DatabaseAway.
    """
    end = time.monotonic() + seconds
    with database.transaction() as session:
        known = knowledge(session).until
        if known is None:
            ticks.tick_once(session, ticks.SEARCH_BEGAN)
    return _read_all(end) if known is None else _read_changed(known - _MARGIN, end)


def _read_all(end: float) -> int:
    """By id, going on where the last run ended. What changes meanwhile is read afterwards."""
    count = 0
    while time.monotonic() < end:
        with database.transaction() as session:
            if not _take_turn(session):
                break
            last = session.scalar(select(func.max(ItemWords.item_id))) or 0
            seen = _see(session, [ScrapedItem.id > last], ScrapedItem.id)
            count += _learn(session, seen)
            if len(seen) < MOST_ITEMS:
                ticks.tick(session, ticks.SEARCH, at=_began(session))
                break
    return count


def _read_changed(since: datetime, end: float) -> int:
    """Target by target in turns, so that a large one does not keep the others waiting."""
    with database.transaction() as session:
        now = ticks.now(session)
        waiting = deque((target_id, (since, 0)) for target_id in _busy(session, since))
    count = 0
    while waiting:
        if time.monotonic() > end:
            return count
        target_id, place = waiting.popleft()
        with database.transaction() as session:
            if not _take_turn(session):
                return count
            behind = tuple_(*_CHANGED) > tuple_(*place)
            seen = _see(session, [ScrapedItem.target_id == target_id, behind], *_CHANGED)
            count += _learn(session, seen)
        if len(seen) == MOST_ITEMS:
            waiting.append((target_id, (seen[-1].changed_at, seen[-1].id)))
    with database.transaction() as session:
        ticks.tick(session, ticks.SEARCH, at=now)
    return count


def _busy(session: Session, since: datetime) -> Sequence[int]:
    """Targets whose items may have changed: a job of theirs is active, or has ended since."""
    active = select(ScrapingJob.target_id).where(ScrapingJob.status.in_(ACTIVE))
    ended = select(ScrapingJob.target_id).where(ScrapingJob.completed_at > since)
    return session.scalars(union(active, ended)).all()


def _see(session: Session, where: Sequence[ColumnElement[bool]], *order: Any) -> Sequence[_Seen]:
    """The next items, known or not.

    Found by index alone, and their words one by one: a join would be a guess, and on a table
    without statistics one that reads all of it.
    """
    known = (
        select(ItemWords.content_hash == ScrapedItem.content_hash)
        .where(ItemWords.item_id == ScrapedItem.id)
        .correlate(ScrapedItem)
        .scalar_subquery()
    )
    query = select(ScrapedItem.id, ScrapedItem.changed_at, func.coalesce(known, False))
    rows = session.execute(query.where(*where).order_by(*order).limit(MOST_ITEMS))
    return [_Seen(*row) for row in rows]


def _learn(session: Session, seen: Sequence[_Seen]) -> int:
    """Learns the words of those that are not known; of how many."""
    unknown = [item.id for item in seen if not item.is_known]
    items = (
        select(
            ScrapedItem.id,
            ScrapedItem.target_id,
            ScrapedItem.content_hash,
            cast(ScrapedItem.data, Text).label("data"),
        )
        .where(ScrapedItem.id.in_(unknown))
        # An item that clean-up deletes at this moment would fail the others of its batch.
        .with_for_update(read=True, key_share=True)
    )
    words = [
        {
            "item_id": row.id,
            "content_hash": row.content_hash,
            "lexemes": lexemes.of_item(row.target_id, orjson.loads(row.data)),
        }
        for row in session.execute(items, execution_options={"yield_per": _AT_ONCE})
    ]
    if words:
        session.execute(_LEARN, words)
    return len(words)


def _began(session: Session) -> datetime:
    began = session.scalar(select(Tick.at).where(Tick.name == ticks.SEARCH_BEGAN))
    return began or ticks.now(session)


def _take_turn(session: Session) -> bool:
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(_LOCK))))
