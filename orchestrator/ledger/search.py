"""Search learns the words of items, a few seconds after a crawl has stored them.

Not in the checkpoint: a crawl must not pay for being searchable. So an item's words carry the hash
of the data they are of; another hash, or none, means that they are still to be learned, and any run
may be killed or repeated without harm.
"""

import time
import uuid
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Row,
    Text,
    bindparam,
    cast,
    func,
    select,
    tuple_,
    union,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from orchestrator import database
from orchestrator.ledger import lexemes, ticks
from orchestrator.ledger.models import (
    ACTIVE,
    HeldItem,
    HeldJob,
    ItemWords,
    ScrapedItem,
    ScrapingJob,
    Tick,
)

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


def wait_for_turn(session: Session) -> None:
    """Lets nobody learn words until the transaction has ended."""
    session.execute(select(func.pg_advisory_xact_lock(_LOCK)))


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
        now, moved = ticks.now(session), _moved(session)
        from_then = dict.fromkeys(_busy(session, since), since)
    from_then |= {job.target_id: min(since, job.unlearned_since) for job in moved}
    waiting: deque[_Changed | _Held] = deque(_Held(job.job_id) for job in moved)
    waiting += [_Changed(target_id, at) for target_id, at in from_then.items()]
    count = 0
    while waiting:
        if time.monotonic() > end:
            return count
        part = waiting.popleft()
        with database.transaction() as session:
            if not _take_turn(session):
                return count
            seen, further = part.read(session)
            count += _learn(session, seen)
        if further:
            waiting.append(further)
    with database.transaction() as session:
        ticks.tick(session, ticks.SEARCH, at=now)
        _note_learned(session, moved)
    return count


@dataclass(frozen=True, slots=True)
class _Changed:
    """The items of a target that changed after that place, in their order."""

    target_id: int
    at: datetime
    id: int = 0

    def read(self, session: Session) -> tuple[Sequence[_Seen], "_Changed | None"]:
        """The next ones, and what comes behind them."""
        behind = tuple_(*_CHANGED) > tuple_(self.at, self.id)
        seen = _see(session, [ScrapedItem.target_id == self.target_id, behind], *_CHANGED)
        more = len(seen) == MOST_ITEMS
        return seen, replace(self, at=seen[-1].changed_at, id=seen[-1].id) if more else None


@dataclass(frozen=True, slots=True)
class _Held:
    """The items of which a job's changes are set aside: they last changed long ago again."""

    job_id: uuid.UUID
    after: int = 0

    def read(self, session: Session) -> tuple[Sequence[_Seen], "_Held | None"]:
        held = HeldItem.job_id == self.job_id, HeldItem.item_id > self.after
        query = select(HeldItem.item_id).where(*held).order_by(HeldItem.item_id)
        ids = session.scalars(query.limit(MOST_ITEMS)).all()
        seen = _see(session, [ScrapedItem.id.in_(ids)], ScrapedItem.id)
        return seen, replace(self, after=ids[-1]) if len(ids) == MOST_ITEMS else None


def _moved(session: Session) -> Sequence[Row[uuid.UUID, int, datetime | None]]:
    """Jobs whose changes were set aside or put back, and since when search has not learned it."""
    columns = HeldJob.job_id, HeldJob.target_id, HeldJob.unlearned_since
    return session.execute(select(*columns).where(HeldJob.unlearned_since.is_not(None))).all()


def _note_learned(session: Session, moved: Sequence[Row[uuid.UUID, int, datetime | None]]) -> None:
    """Unless they have been moved once more."""
    for job in moved:
        was = HeldJob.job_id == job.job_id, HeldJob.unlearned_since == job.unlearned_since
        session.execute(update(HeldJob).where(*was).values(unlearned_since=None))


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
