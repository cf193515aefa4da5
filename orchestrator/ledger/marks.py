"""Marks: until where a person has seen the changes, of everything or of one target.

Seeing everything is seeing each target. What is new since is counted by the change sets, which say
how much each job changed; so it costs as little where a job changed a million items.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from orchestrator.ledger.models import ChangeMark, ChangeSet

#: More jobs are not added up.
_MOST_SETS = 1_000


@dataclass(frozen=True, slots=True)
class Unseen:
    """What came since a person last said that they have seen the changes."""

    since: datetime
    count: int
    #: There is more than was counted.
    is_more: bool


def unseen(session: Session, user_id: int, target_id: int | None = None) -> Unseen | None:
    """None when they never said so."""
    until = session.scalar(
        select(func.max(ChangeMark.seen_until)).where(
            ChangeMark.user_id == user_id,
            or_(ChangeMark.target_id.is_(None), ChangeMark.target_id == target_id),
        )
    )
    if until is None:
        return None
    total = ChangeSet.found + ChangeSet.changed + ChangeSet.gone + ChangeSet.back
    newer = select(total.label("total")).where(ChangeSet.at > until)
    if target_id is not None:
        newer = newer.where(ChangeSet.target_id == target_id)
    newest = newer.order_by(ChangeSet.at.desc(), ChangeSet.job_id.desc()).limit(_MOST_SETS)
    sets = newest.subquery()
    number, count = session.execute(select(func.count(), func.sum(sets.c.total))).one()
    return Unseen(until, int(count or 0), is_more=number == _MOST_SETS)


def mark(session: Session, user_id: int, until: datetime, *, target_id: int | None = None) -> None:
    """They have seen what was there until then; a mark never goes back, nor beyond the present."""
    seen = func.least(until, func.clock_timestamp())
    row = insert(ChangeMark).values(user_id=user_id, target_id=target_id, seen_until=seen)
    further = {"seen_until": func.greatest(ChangeMark.seen_until, row.excluded.seen_until)}
    if target_id is None:
        row = row.on_conflict_do_update(
            index_elements=["user_id"], index_where=ChangeMark.target_id.is_(None), set_=further
        )
    else:
        row = row.on_conflict_do_update(
            index_elements=["target_id", "user_id"],
            index_where=ChangeMark.target_id.is_not(None),
            set_=further,
        )
    session.execute(row)
