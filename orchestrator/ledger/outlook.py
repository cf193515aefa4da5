"""Outlook: what runs now and when it will end, and what comes next."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session, defer

from orchestrator.ledger import forecasts
from orchestrator.ledger.models import Crawl, JobStatus, ScrapingJob, ScrapingTarget

#: So many targets of an occasion are named.
_NAMED = 3


@dataclass(frozen=True, slots=True)
class RunningJob:
    """A job that is being crawled."""

    job: ScrapingJob
    target: ScrapingTarget
    #: Pages a second over about the last minute.
    speed: float
    expected_end: datetime | None


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot of a worker that is taken."""

    job_id: uuid.UUID
    target_name: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Occasion:
    """A moment at which schedules start targets."""

    at: datetime
    count: int
    #: The first of them, by name: id and name.
    targets: Sequence[tuple[int, str]]


def running(session: Session, *, most: int = 20) -> tuple[list[RunningJob], int]:
    """The jobs that run, those asked for last first, and how many there are in all."""
    rows = session.execute(
        select(ScrapingJob, ScrapingTarget)
        .join(ScrapingTarget, ScrapingTarget.id == ScrapingJob.target_id)
        .where(ScrapingJob.status == JobStatus.RUNNING)
        .order_by(ScrapingJob.queued_at.desc(), ScrapingJob.id.desc())
        .options(defer(ScrapingJob.stats), defer(ScrapingJob.definition))
    ).all()
    shown = [job for job, _ in rows[:most]]
    speeds = forecasts.speeds(session, [job.id for job in shown])
    ends = forecasts.expected_ends(session, shown, speeds)
    found = [
        RunningJob(job, target, speeds.get(job.id, 0), ends.get(job.id))
        for job, target in rows[:most]
    ]
    return found, len(rows)


def taken_slots(session: Session) -> dict[str, list[Slot]]:
    """What is crawled now, by the name of the worker, the longest first."""
    rows = session.execute(
        select(Crawl.worker, Crawl.job_id, ScrapingTarget.name, Crawl.started_at)
        .join(ScrapingJob, ScrapingJob.id == Crawl.job_id)
        .join(ScrapingTarget, ScrapingTarget.id == ScrapingJob.target_id)
        .where(Crawl.ended_at.is_(None))
        .order_by(Crawl.started_at)
    )
    slots: dict[str, list[Slot]] = {}
    for worker, job_id, name, since in rows:
        slots.setdefault(worker, []).append(Slot(job_id, name, since))
    return slots


def coming(session: Session, *, most: int = 10) -> list[Occasion]:
    """The next occasions, each with the targets it starts."""
    names = func.array_agg(aggregate_order_by(ScrapingTarget.name, ScrapingTarget.name))
    ids = func.array_agg(aggregate_order_by(ScrapingTarget.id, ScrapingTarget.name))
    rows = session.execute(
        select(ScrapingTarget.next_run_at, func.count(), ids, names)
        .where(ScrapingTarget.active, ScrapingTarget.deleted_at.is_(None))
        .where(ScrapingTarget.next_run_at > func.now())
        .group_by(ScrapingTarget.next_run_at)
        .order_by(ScrapingTarget.next_run_at)
        .limit(most)
    )
    return [
        Occasion(at, count, list(zip(ids, names, strict=True))[:_NAMED])
        for at, count, ids, names in rows
        if at is not None
    ]


def has_targets(session: Session) -> bool:
    return bool(session.scalar(select(exists().where(ScrapingTarget.deleted_at.is_(None)))))


def has_jobs(session: Session) -> bool:
    return bool(session.scalar(select(exists(select(ScrapingJob.id)))))
