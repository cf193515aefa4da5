"""Nights: what became of each target since the noon before the last nightly crawl.

From noon to noon a night is one thing to a person, although it has two dates.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from orchestrator import config
from orchestrator.ledger import targets, ticks
from orchestrator.ledger.models import JobStatus

_NOON = 12


@dataclass(frozen=True, slots=True)
class Mark:
    """One target in a night."""

    target_id: int
    name: str
    #: None = it should have been crawled, and there is no job.
    status: JobStatus | None
    job_id: str | None
    items: int


@dataclass(frozen=True, slots=True)
class Night:
    """The targets of a night, by name."""

    since: datetime
    marks: Sequence[Mark]

    @property
    def counts(self) -> Mapping[JobStatus | None, int]:
        """How many targets came to each outcome, those that did the commonest first."""
        return dict(Counter(mark.status for mark in self.marks).most_common())

    @property
    def has_jobs(self) -> bool:
        return any(mark.job_id for mark in self.marks)

    @property
    def is_over(self) -> bool:
        """Nothing of it is still to come."""
        return all(mark.status is None or mark.status.is_final for mark in self.marks)


def last(session: Session) -> Night:
    """The last night: the newest job of each target that had one, and targets that lack theirs.

    A job that was skipped counts only where there is no other.
    """
    occasion = targets.latest_nightly(ticks.now(session))
    since = noon_before(occasion)
    rows = session.execute(_MARKS, {"since": since, "occasion": occasion})
    return Night(
        since,
        [
            Mark(row.id, row.name, row.status and JobStatus(row.status), row.job_id, row.items or 0)
            for row in rows
        ],
    )


def noon_before(occasion: datetime) -> datetime:
    """The latest noon at or before it, where the nightly crawl is at home."""
    there = occasion.astimezone(config.get().zone)
    noon = there.replace(hour=_NOON, minute=0, second=0, microsecond=0)
    return noon if noon <= there else noon - timedelta(days=1)


_MARKS = text(
    """
    SELECT t.id, t.name, j.status, j.id::text AS job_id, j.items_scraped AS items
    FROM scraping_targets t
    LEFT JOIN LATERAL (
        SELECT id, status, items_scraped FROM scraping_jobs
        WHERE target_id = t.id AND queued_at >= :since
        ORDER BY status = 'skipped', queued_at DESC LIMIT 1
    ) AS j ON true
    WHERE t.deleted_at IS NULL
      AND (j.id IS NOT NULL
           -- It was there, as it is now, when the night came.
           OR t.active AND t.schedule IS NULL AND t.updated_at < :occasion)
    ORDER BY t.name
    """
)
