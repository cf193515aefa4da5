"""Held changes: what a job would change that is held back, as people look at it.

A page at a time and a kind at a time, by the ids of the items; what the job did not see is told by
who saw it last, as absences are.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from orchestrator.ledger import browsing, revisions, sightings
from orchestrator.ledger.models import (
    UNDO_FOR,
    HeldItem,
    HeldJob,
    HeldKind,
    Publication,
    ScrapingJob,
)
from orchestrator.ledger.revisions import Difference


class Kind(StrEnum):
    """What would happen to an item."""

    NEW = "new"  #: It would be there.
    CHANGED = "changed"  #: It would have other data.
    BACK = "back"  #: It would be there again.
    MISSING = "missing"  #: It would be gone.


@dataclass(frozen=True, slots=True)
class Holding:
    """What is or was held of a job, and what was decided about it."""

    job_id: uuid.UUID
    target_id: int
    publication: Publication
    #: How many items of each kind.
    counts: dict[Kind, int]
    decided_at: datetime | None
    #: None when the next job of the target began before anybody had decided.
    decided_by: str | None
    #: It was decided, and not so long ago.
    can_be_undone: bool

    @property
    def is_held(self) -> bool:
        return self.publication is Publication.HELD

    @property
    def undo_until(self) -> datetime | None:
        return self.decided_at + UNDO_FOR if self.decided_at else None


@dataclass(frozen=True, slots=True)
class HeldRow:
    """An item as the job found it, its fields cut as in a list, and what differs."""

    id: int
    key: str
    data: dict[str, Any]
    difference: Difference


@dataclass(frozen=True, slots=True)
class HeldPage:
    """Some items of one kind, and behind which the next ones begin."""

    rows: Sequence[HeldRow]
    next: int | None


def of_job(session: Session, job_id: uuid.UUID) -> Holding | None:
    """None when nothing of the job was held back."""
    return _holding(session, ScrapingJob.id == job_id)


def of_target(session: Session, target_id: int) -> Holding | None:
    """What waits for a decision now."""
    held = ScrapingJob.publication == Publication.HELD
    return _holding(session, and_(ScrapingJob.target_id == target_id, held))


def page(
    session: Session, holding: Holding, kind: Kind, *, after: int = 0, size: int = 20
) -> HeldPage:
    """The items behind that one; none of those that are current data by now."""
    if kind is Kind.MISSING:
        found = _missing(session, holding, after, size + 1)
    else:
        found = _held(session, holding.job_id, kind, after=after, most=size + 1)
    return HeldPage(found[:size], found[size - 1].id if len(found) > size else None)


def _holding(session: Session, which: ColumnElement[bool]) -> Holding | None:
    row = session.execute(
        select(HeldJob, ScrapingJob.publication, HeldJob.decided_at >= func.now() - UNDO_FOR)
        .join(ScrapingJob, ScrapingJob.id == HeldJob.job_id)
        .where(which)
    ).one_or_none()
    if row is None:
        return None
    held, publication, can_be_undone = row
    assert publication is not None
    counts = {
        Kind.NEW: held.items_new,
        Kind.CHANGED: held.items_changed,
        Kind.BACK: held.items_back,
        Kind.MISSING: held.items_missing,
    }
    decision = held.decided_at, held.decided_by, bool(can_be_undone)
    return Holding(held.job_id, held.target_id, publication, counts, *decision)


def _held(
    session: Session, job_id: uuid.UUID, kind: Kind, *, after: int, most: int
) -> list[HeldRow]:
    rows = session.execute(
        select(HeldItem.item_id, HeldItem.key, browsing.preview(HeldItem.data).label("data"))
        .where(HeldItem.job_id == job_id, HeldItem.kind == HeldKind(kind), HeldItem.item_id > after)
        .order_by(HeldItem.item_id)
        .limit(most)
    ).all()
    differences = revisions.held(session, job_id, [row.item_id for row in rows])
    return [HeldRow(row.item_id, row.key, row.data, differences[row.item_id]) for row in rows]


def _missing(session: Session, holding: Holding, after: int, most: int) -> list[HeldRow]:
    if not (holding.is_held and holding.counts[Kind.MISSING]):
        return []
    ids = sorted(
        item_id
        for source in sightings.sources(session, holding.job_id)
        for item_id in sightings.missing(session, holding.target_id, source, after=after, most=most)
    )
    items = browsing.rows(session, ids[:most], ())
    return [HeldRow(item.id, item.key, item.data, Difference()) for item in items]
