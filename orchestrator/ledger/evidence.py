"""What the rows themselves say of a job, for whoever checks the word of its counts.

Nothing here trusts a column that a crawl has added up: rows are counted, and attempts are held
beside each other.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from orchestrator.ledger import bells
from orchestrator.ledger.models import (
    ACTIVE,
    Crawl,
    ItemRevision,
    JobStatus,
    RejectedItem,
    ScrapedItem,
    ScrapingJob,
)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a job stands, and what its latest crawl has come to."""

    job_id: uuid.UUID
    status: JobStatus
    attempt: int
    #: The number of the crawl's last commit; 0 before the first.
    checkpoint: int = 0
    #: Its number within the attempt.
    number: int = 0
    #: The crawler processes of its living crawls, by number; None until it is recorded.
    pids: Mapping[int, int | None] = field(default_factory=dict)
    #: It waits and may be claimed: a free slot is all it needs.
    due: bool = False

    @property
    def crawl(self) -> tuple[int, int]:
        """Of two crawls of a job the later is the greater."""
        return self.attempt, self.number


@dataclass(frozen=True, slots=True)
class Evidence:
    """A job's row, and the rows it left."""

    job: ScrapingJob
    #: The keys of all items of its target.
    keys: frozenset[str]
    #: Items seen last by this job.
    seen: int
    #: Items seen first by this job.
    new: int
    #: Revisions made by this job.
    revisions: int
    rejected: int
    #: Pairs of attempts of which the later began before the earlier had ended.
    overlaps: int


def standings(session: Session, job_ids: Sequence[uuid.UUID]) -> list[Standing]:
    """Where these jobs stand now; one that does not exist is left out."""
    of_attempt = and_(Crawl.job_id == ScrapingJob.id, Crawl.attempt == ScrapingJob.attempt)
    living = and_(Crawl.number.is_not(None), Crawl.ended_at.is_(None))
    latest = func.array_agg(aggregate_order_by(Crawl.checkpoint, Crawl.number.desc()))
    rows = session.execute(
        select(
            ScrapingJob.id,
            ScrapingJob.status,
            ScrapingJob.attempt,
            func.coalesce(latest[1], 0).label("checkpoint"),
            func.coalesce(func.max(Crawl.number), 0).label("number"),
            func.array_agg(Crawl.number).filter(living).label("numbers"),
            func.array_agg(Crawl.pid).filter(living).label("pids"),
            bells.is_due().label("due"),
        )
        .outerjoin(Crawl, of_attempt)
        .where(ScrapingJob.id == func.any(list(job_ids)))
        .group_by(ScrapingJob.id)
    )
    return [
        Standing(
            row.id,
            row.status,
            row.attempt,
            row.checkpoint,
            row.number,
            dict(zip(row.numbers or (), row.pids or (), strict=True)),
            row.due,
        )
        for row in rows
    ]


def of_job(session: Session, job_id: uuid.UUID) -> Evidence | None:
    """What there is of a job; None when there is no such job."""
    job = session.get(ScrapingJob, job_id)
    if job is None:
        return None
    keys = session.scalars(select(ScrapedItem.key).where(ScrapedItem.target_id == job.target_id))
    return Evidence(
        job,
        frozenset(keys),
        seen=_count(session, ScrapedItem.last_job_id, job_id),
        new=_count(session, ScrapedItem.first_job_id, job_id),
        revisions=_count(session, ItemRevision.job_id, job_id),
        rejected=_count(session, RejectedItem.job_id, job_id),
        overlaps=_overlaps(session, job_id),
    )


def count_active(session: Session) -> int:
    """How many jobs have not ended."""
    return session.scalar(select(func.count()).where(ScrapingJob.status.in_(ACTIVE))) or 0


def count_of_target(session: Session, target_id: int) -> int:
    """How many jobs a target has, whoever asked for them."""
    return _count(session, ScrapingJob.target_id, target_id)


def _count(session: Session, column: InstrumentedAttribute[object], value: object) -> int:
    return session.scalar(select(func.count()).where(column == value)) or 0


def _overlaps(session: Session, job_id: uuid.UUID) -> int:
    earlier, later = aliased(Crawl), aliased(Crawl)
    unended: ColumnElement[bool] = earlier.ended_at.is_(None)
    both = select(func.count()).select_from(earlier).join(later, later.job_id == earlier.job_id)
    query = both.where(
        earlier.job_id == job_id,
        earlier.attempt < later.attempt,
        unended | (later.started_at < earlier.ended_at),
    )
    return session.scalar(query) or 0
