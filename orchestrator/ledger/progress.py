"""How fast a job went, in as many steps as a picture has room for."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from orchestrator.ledger import ticks
from orchestrator.ledger.models import JobProgress, JobStatus, ScrapingJob

#: As many points as a picture has room for.
_MOST_STEPS = 120


@dataclass(frozen=True, slots=True)
class Step:
    """What one stretch of a job's time brought."""

    began_at: datetime
    seconds: int
    pages: int
    items: int
    errors: int

    @property
    def pages_per_second(self) -> float:
        return self.pages / self.seconds


def steps(session: Session, job: ScrapingJob) -> list[Step]:
    """A job's time in even steps, also those that brought nothing; the unfinished one is left out.

    Empty when it has not begun.
    """
    if job.started_at is None:
        return []
    until = job.completed_at or _until(session, job)
    seconds = _even_width((until - job.started_at).total_seconds())
    brought = _brought(session, job.id, job.started_at, seconds)
    whole = int((until - job.started_at).total_seconds() // seconds)
    # A running job's last step is not over; of others the last may be a short one.
    running = job.status is JobStatus.RUNNING
    count = whole if running else min(max([whole - 1, *brought]) + 1, _MOST_STEPS + 1)
    return [
        Step(job.started_at + timedelta(seconds=at * seconds), seconds, *brought.get(at, (0, 0, 0)))
        for at in range(count)
    ]


def _until(session: Session, job: ScrapingJob) -> datetime:
    """Now for one that runs; of one that waits, when it last brought something."""
    if job.status is JobStatus.RUNNING:
        return ticks.now(session)
    last = select(func.max(JobProgress.began_at)).where(JobProgress.job_id == job.id)
    return session.scalar(last) or job.started_at or job.queued_at


def _brought(
    session: Session, job_id: uuid.UUID, started_at: datetime, seconds: int
) -> dict[int, Sequence[int]]:
    """Pages, items and errors by the number of the step."""
    since = func.extract("epoch", JobProgress.began_at - started_at)
    step = func.floor(since / seconds).label("step")
    sums = (func.sum(each) for each in (JobProgress.pages, JobProgress.items, JobProgress.errors))
    rows = session.execute(select(step, *sums).where(JobProgress.job_id == job_id).group_by(step))
    return {int(row[0]): [int(count) for count in row[1:]] for row in rows}


def _even_width(span_seconds: float) -> int:
    """Wide enough for all of it; a whole number of the widest step a job of that age has."""
    own = 60 if span_seconds > 1_200 else 10 if span_seconds > 120 else 1
    return own * max(1, -(-int(span_seconds) // (own * _MOST_STEPS)))
