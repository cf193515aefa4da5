"""What a person might click on in the large database, drawn at random, the same in each run."""

import random
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from orchestrator.ledger.models import (
    AlertChannel,
    AuditEntry,
    Export,
    HeldJob,
    ItemListing,
    ItemRevision,
    JobLogLine,
    JobStatus,
    ScrapedItem,
    ScrapingJob,
    ScrapingTarget,
    TargetDraft,
)

#: The generator gives these two the most items and the most jobs.
LARGEST, BUSIEST = 1, 2
#: As many items as most.
MIDDLING = 9
_MOST, _PAGE = 200, 50

_NEWEST = select(ScrapingJob.id).order_by(ScrapingJob.queued_at.desc()).limit(_MOST)


class PageRows:
    """Ids of each kind, some of them; each call draws one."""

    def __init__(self, session: Session) -> None:
        self._random = random.Random(1)
        self._targets = _highest(session, ScrapingTarget.id)
        self._items = _highest(session, ScrapedItem.id)
        self._entries = _highest(session, AuditEntry.id)
        self._jobs = {
            status: session.scalars(_NEWEST.where(ScrapingJob.status == status)).all()
            for status in JobStatus
        }
        completed = _NEWEST.where(ScrapingJob.status == JobStatus.COMPLETED)
        self._largest = session.scalars(completed.where(ScrapingJob.target_id == LARGEST)).all()
        self._exports = session.scalars(select(Export.id).limit(_MOST)).all()
        self._drafts = session.scalars(select(TargetDraft.id).limit(_MOST)).all()
        self._held = session.scalars(select(HeldJob.job_id).limit(_MOST)).all()
        self._channels = session.scalars(select(AlertChannel.id).limit(_MOST)).all()
        self._places = _places(session)
        self._listed = session.scalar(select(func.max(ItemListing.items))) or 0
        self.job_with_longest_log = _most(session, JobLogLine.job_id, JobLogLine.job_id)
        self.item_with_longest_history = _most(session, ItemRevision.item_id, ItemRevision.id)

    def target(self) -> int:
        # The last one has nothing yet.
        return self._random.randint(LARGEST, self._targets - 1)

    def newest_target(self) -> int:
        return self._targets

    def item(self) -> int:
        return self._random.randint(1, self._items)

    def entry(self) -> int:
        return self._random.randint(1, self._entries)

    def export(self) -> UUID:
        return self._random.choice(self._exports)

    def draft(self) -> UUID:
        return self._random.choice(self._drafts)

    def held(self) -> UUID:
        return self._random.choice(self._held)

    def channel(self) -> int:
        return self._random.choice(self._channels)

    def job(self, status: JobStatus = JobStatus.COMPLETED) -> UUID:
        return self._random.choice(self._jobs[status])

    def job_of_largest(self) -> UUID:
        return self._random.choice(self._largest)

    def place(self) -> tuple[datetime, UUID]:
        """Anywhere in the list of all jobs."""
        return self._random.choice(self._places)

    def number(self) -> int:
        """A place in a listing of the items of the largest."""
        return self._random.randint(0, max(self._listed - _PAGE, 0))

    def day(self) -> str:
        return f"{self.place()[0]:%Y-%m-%d}"

    def word(self) -> str:
        return self._random.choice(("oak", "kettle", "限定版", "steel lamp", "万年筆", "1234"))


def _highest(session: Session, column: Any) -> int:
    return session.scalar(select(func.max(column))) or 1


def _most(session: Session, column: Any, counted: Any) -> Any:
    """The id that most rows of its table bear."""
    query = select(column).group_by(column).order_by(func.count(counted).desc(), column).limit(1)
    return session.scalar(query)


def _places(session: Session) -> list[tuple[datetime, UUID]]:
    first, last = session.execute(
        select(func.min(ScrapingJob.queued_at), func.max(ScrapingJob.queued_at))
    ).one()
    ordered = select(ScrapingJob.queued_at, ScrapingJob.id).order_by(
        ScrapingJob.queued_at.desc(), ScrapingJob.id.desc()
    )
    moments = [first + (last - first) * part / _MOST for part in range(1, _MOST)]
    rows = [session.execute(ordered.where(ScrapingJob.queued_at <= at).limit(1)) for at in moments]
    return [(row.queued_at, row.id) for found in rows for row in found]
