"""A job as people look at it: how it stands, its attempts, what it could not take.

Its own lists are paged by key, as the lists of jobs are.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    func,
    literal,
    select,
    tuple_,
)
from sqlalchemy.orm import Session, defer

from orchestrator.exceptions import JobNotFound
from orchestrator.ledger.models import (
    ChargedPage,
    Crawl,
    JobStatus,
    RejectedItem,
    ScrapingJob,
    ScrapingTarget,
)

_MOST_TEXT = 500


@dataclass(frozen=True, slots=True)
class TroubledRow:
    """A page that was given up or an item that was refused, in the list of its job."""

    #: Its place in the list.
    key: bytes
    #: The page's address, or the beginning of the item.
    what: str
    reason: str


def one(session: Session, job_id: uuid.UUID) -> tuple[ScrapingJob, ScrapingTarget]:
    """A job and its target, deleted or not. Raises JobNotFound."""
    row = session.execute(
        select(ScrapingJob, ScrapingTarget)
        .join(ScrapingTarget, ScrapingTarget.id == ScrapingJob.target_id)
        .where(ScrapingJob.id == job_id)
    ).one_or_none()
    if row is None:
        raise JobNotFound(f"There is no job {job_id}.")
    return row[0], row[1]


def job_before(session: Session, job: ScrapingJob) -> ScrapingJob | None:
    """The last earlier job of its target that was completed, among the last hundred."""
    earlier = (
        select(ScrapingJob.id, ScrapingJob.queued_at, ScrapingJob.status)
        .where(
            ScrapingJob.target_id == job.target_id,
            _place() < tuple_(literal(job.queued_at), literal(job.id)),
        )
        .order_by(ScrapingJob.queued_at.desc(), ScrapingJob.id.desc())
        .limit(100)
        .subquery()
    )
    last = (
        select(earlier.c.id)
        .where(earlier.c.status == JobStatus.COMPLETED)
        .order_by(earlier.c.queued_at.desc(), earlier.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return session.scalar(select(ScrapingJob).where(ScrapingJob.id == last).options(*_LIGHT))


def attempts(session: Session, job_id: uuid.UUID, *, most: int = 50) -> Sequence[Crawl]:
    """The last crawls of a job, by attempt and number."""
    newest = session.scalars(
        select(Crawl)
        .where(Crawl.job_id == job_id)
        .order_by(Crawl.attempt.desc(), Crawl.number.desc())
        .limit(most)
    ).all()
    return newest[::-1]


def rejected(
    session: Session, job_id: uuid.UUID, *, after: bytes = b"", most: int = 20
) -> Sequence[TroubledRow]:
    """Items of a job that could not be stored, in the order of their index."""
    rows = session.execute(
        select(RejectedItem.content_hash, _cut(RejectedItem.excerpt), _cut(RejectedItem.reason))
        .where(RejectedItem.job_id == job_id, RejectedItem.content_hash > after)
        .order_by(RejectedItem.content_hash)
        .limit(most)
    )
    return [TroubledRow(*row) for row in rows]


def given_up_pages(
    session: Session, job_id: uuid.UUID, *, after: bytes = b"", most: int = 20
) -> Sequence[TroubledRow]:
    """Pages that a job went on without, in the order of their index."""
    rows = session.execute(
        select(ChargedPage.request_id, _cut(ChargedPage.url), _cut(ChargedPage.reason))
        .where(
            ChargedPage.job_id == job_id,
            ChargedPage.request_id > after,
            ChargedPage.given_up_at.is_not(None),
        )
        .order_by(ChargedPage.request_id)
        .limit(most)
    )
    return [TroubledRow(*row) for row in rows]


#: A list shows neither, and both can be large.
_LIGHT = (defer(ScrapingJob.stats), defer(ScrapingJob.definition))


def _place() -> ColumnElement[Any]:
    return tuple_(ScrapingJob.queued_at, ScrapingJob.id)


def _cut(text: Any) -> ColumnElement[str]:
    return func.left(text, _MOST_TEXT)
