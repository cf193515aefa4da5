"""One job, several crawls: who may join an attempt, and what it keeps of those that have left.

An attempt has as many places as its job's definition asks for crawlers. A crawl that broke without
a page takes its place with it, so that crawls which all break come to an end, and their attempt
is charged. All of it happens under the job's lock.
"""

import logging
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from orchestrator.ledger import bells, crawls, scrapy_stats, starts
from orchestrator.ledger.ends import PROVEN
from orchestrator.ledger.models import Crawl, JobLogLine, JobStatus, ScrapingJob

#: The outcome of one that may not share its job, since its spider keeps state between requests.
ALONE = "one_crawler_only"

#: Crawls that an attempt may have in all. A lease in Redis tells its holder in so fine a fraction,
#: which its score keeps until the year 2109.
MOST_CRAWLS = 2_048


@dataclass(frozen=True, slots=True)
class Joined:
    """One more crawl of an attempt."""

    attempt: int
    number: int
    places: int
    target_id: int
    definition: dict[str, Any]
    now: datetime


@dataclass(frozen=True, slots=True)
class Wanting:
    """A running job that has fewer crawls than places."""

    job_id: uuid.UUID
    target_id: int
    priority: int
    #: The name of the one in which its bells are rung.
    queue: str
    missing: int


def places(definition: Mapping[str, Any]) -> int:
    """How many crawls may serve a job at once."""
    return 1 if "one_attempt" in definition else int(definition.get("crawlers") or 1)


def join(
    session: Session,
    job_id: uuid.UUID,
    *,
    worker: str,
    lease_seconds: float,
    queues: Collection[str] | None,
) -> Joined | None:
    """Adds a crawl to a running attempt that has a place left; None when there is none."""
    job = session.execute(
        select(
            ScrapingJob.attempt,
            ScrapingJob.target_id,
            ScrapingJob.definition,
            func.now().label("now"),
        )
        .where(ScrapingJob.id == job_id, *_may_be_joined(), bells.is_rung_in(queues))
        .with_for_update(key_share=True)
    ).one_or_none()
    if job is None or not _is_open(job):
        return None
    # A statement of its own: its snapshot is younger than the lock.
    at = session.execute(_company(job_id, job.attempt)).one()
    if not 0 < at.living < at.places or at.number >= MOST_CRAWLS or at.proven:
        return None
    crawls.begin(
        session,
        job_id,
        job.attempt,
        worker=worker,
        lease_seconds=lease_seconds,
        number=at.number,
    )
    return Joined(job.attempt, at.number, at.places, job.target_id, job.definition, job.now)


def wanting(session: Session, *, ring_again_seconds: float, most: int) -> list[Wanting]:
    """Running jobs for whose places nobody has come, marked as rung now."""
    patience = func.make_interval(0, 0, 0, 0, 0, 0, ring_again_seconds)
    at = _company(ScrapingJob.id, ScrapingJob.attempt).lateral()
    rows = session.execute(
        select(
            ScrapingJob.id,
            ScrapingJob.target_id,
            ScrapingJob.priority,
            bells.queue().label("queue"),
            (at.c.places - at.c.living).label("missing"),
            ScrapingJob.definition,
            func.now().label("now"),
        )
        .join(at, true())
        .where(
            *_may_be_joined(),
            or_(ScrapingJob.rung_at.is_(None), ScrapingJob.rung_at < func.now() - patience),
            at.c.living > 0,
            at.c.living < at.c.places,
            at.c.number < MOST_CRAWLS,
            ~at.c.proven,
        )
        .order_by(ScrapingJob.priority, ScrapingJob.queued_at)
        .limit(most)
        .with_for_update(of=ScrapingJob, key_share=True, skip_locked=True)
    ).all()
    found = [
        Wanting(row.id, row.target_id, row.priority, row.queue, row.missing)
        for row in rows
        if _is_open(row)
    ]
    rung = update(ScrapingJob).where(ScrapingJob.id.in_([each.job_id for each in found]))
    session.execute(rung.values(rung_at=func.now()))
    return found


def wanted(session: Session, job_id: uuid.UUID, missing: int) -> Wanting:
    """So many more crawls of a job that has just been claimed."""
    row = session.execute(
        select(ScrapingJob.target_id, ScrapingJob.priority, bells.queue()).where(
            ScrapingJob.id == job_id
        )
    ).one()
    return Wanting(job_id, row[0], row[1], row[2], missing)


def take_away(session: Session, job_id: uuid.UUID, attempt: int, *, all_but_one: bool) -> None:
    """Lets an attempt have a place less, or no more than one."""
    left = 1 if all_but_one else func.greatest(Crawl.places - 1, 1)
    first = update(Crawl).where(Crawl.job_id == job_id, Crawl.attempt == attempt, Crawl.number == 0)
    session.execute(first.values(places=left))


def is_proven(session: Session, job_id: uuid.UUID, attempt: int) -> bool:
    """One of its crawls has shown that nothing is left, whatever became of the others."""
    proven = select(Crawl.number).where(
        Crawl.job_id == job_id, Crawl.attempt == attempt, Crawl.outcome == PROVEN
    )
    return session.scalar(select(proven.exists())) or False


def stats(
    session: Session, job_id: uuid.UUID, attempt: int, last: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """What all crawls of an attempt have counted, with those of the last one."""
    kept = session.scalars(
        select(Crawl.stats)
        .where(Crawl.job_id == job_id, Crawl.attempt == attempt, Crawl.stats.is_not(None))
        .order_by(Crawl.ended_at)
    ).all()
    counted = [*(each for each in kept if each), *([last] if last else [])]
    return scrapy_stats.added_up(counted) if counted else None


def note(session: Session, job_id: uuid.UUID, attempt: int, message: str) -> None:
    """A line in the job's log, after all that its crawls have written."""
    seq = select(func.coalesce(func.max(JobLogLine.seq), 0) + 1).where(
        JobLogLine.job_id == job_id, JobLogLine.attempt == attempt
    )
    line = {
        "job_id": job_id,
        "attempt": attempt,
        "seq": seq.scalar_subquery(),
        "level": logging.WARNING,
        "logged_at": func.now(),
        "logger": "kumo",
        "message": message,
    }
    session.execute(insert(JobLogLine).values(line))


def _may_be_joined() -> tuple[ColumnElement[bool], ...]:
    return (
        ScrapingJob.status == JobStatus.RUNNING,
        ScrapingJob.definition["crawlers"].as_integer() > 1,
        ScrapingJob.requested.is_(None),
        ScrapingJob.closing.is_(None),
        # A crawl that left may have asked for a pause.
        ScrapingJob.run_after <= func.now(),
    )


def _company(job_id: Any, attempt: Any) -> Any:
    """The next number of an attempt, its places, how many live, and whether one has proven it."""
    return select(
        (func.max(Crawl.number) + 1).label("number"),
        # Unknown to whoever began it, as old code did: then there is one place.
        func.coalesce(func.max(Crawl.places).filter(Crawl.number == 0), 1).label("places"),
        func.count().filter(Crawl.ended_at.is_(None)).label("living"),
        func.coalesce(func.bool_or(Crawl.outcome == PROVEN), False).label("proven"),
    ).where(Crawl.job_id == job_id, Crawl.attempt == attempt)


def _is_open(job: Any) -> bool:
    window = starts.window_of(job.definition)
    return window is None or window.is_open(job.now)
