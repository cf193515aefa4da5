"""Leases and attempts: one row per crawler process.

All times are the database's own: a worker whose clock is wrong neither loses nor keeps a lease.
A crawl is named by job, attempt and number; an attempt that one crawl serves has number 0 alone.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, insert, select, update
from sqlalchemy.orm import Session, aliased

from orchestrator.ledger import tallies
from orchestrator.ledger.models import Crawl, ScrapingJob


@dataclass(frozen=True, slots=True)
class Left:
    """A crawl that has ended, and what was there of its attempt at that moment."""

    #: Pages that it had acknowledged.
    pages: int
    #: Other crawls of the attempt: those that live, and all there ever were.
    living: int
    others: int


def begin(
    session: Session,
    job_id: uuid.UUID,
    attempt: int,
    *,
    worker: str,
    lease_seconds: float,
    number: int = 0,
    places: int | None = None,
) -> None:
    """The lease begins with the claim, not with the first heartbeat."""
    session.execute(
        insert(Crawl).values(
            job_id=job_id,
            attempt=attempt,
            number=number,
            places=places,
            worker=worker,
            lease_until=_from_now(lease_seconds),
        )
    )


def record_pid(
    session: Session, job_id: uuid.UUID, attempt: int, *, pid: int | None, number: int = 0
) -> None:
    session.execute(_living(job_id, attempt, number).values(pid=pid))


def end(
    session: Session,
    job_id: uuid.UUID,
    attempt: int,
    *,
    outcome: str,
    number: int = 0,
    tally: Mapping[str, float] | None = None,
) -> Left | None:
    """Frees the lease; a crawl that has ended already keeps its outcome, and None is answered.

    Its last `tally` counts; without one, that of its last checkpoint.

    Of an attempt with several crawls exactly one is told that no other lives: the caller holds
    the job's lock.
    """
    other = aliased(Crawl)
    of_others = select(func.count()).where(
        other.job_id == job_id, other.attempt == attempt, other.number != number
    )
    row = session.execute(
        _living(job_id, attempt, number)
        .values(ended_at=func.now(), outcome=outcome, tally=Crawl.tally.concat(tally or {}))
        .returning(
            Crawl.tally,
            Crawl.pages,
            of_others.where(other.ended_at.is_(None)).scalar_subquery(),
            of_others.scalar_subquery(),
        )
    ).one_or_none()
    if row is None:
        return None
    tally, *left = row
    tallies.add(session, tally)
    return Left(*left)


def end_others(session: Session, job_id: uuid.UUID, attempt: int, *, outcome: str) -> None:
    """Fences every crawl of the attempt that still lives: it can write nothing any more."""
    living = update(Crawl).where(
        Crawl.job_id == job_id, Crawl.attempt == attempt, Crawl.ended_at.is_(None)
    )
    ended = living.values(ended_at=func.now(), outcome=outcome).returning(Crawl.tally)
    for tally in session.scalars(ended).all():
        tallies.add(session, tally)


def keep_stats(
    session: Session, job_id: uuid.UUID, attempt: int, number: int, stats: Mapping[str, Any]
) -> None:
    """For the sums that the job gets when the last crawl of the attempt ends."""
    one = update(Crawl).where(
        Crawl.job_id == job_id, Crawl.attempt == attempt, Crawl.number == number
    )
    session.execute(one.values(stats=dict(stats)))


def expired(session: Session, *, most: int) -> Sequence[Row[uuid.UUID, int, str, int | None, int]]:
    """Crawls whose lease has run out: job id, attempt, worker, pid and number.

    Locked against a second sweep.

    Their jobs are locked too: one in the midst of its checkpoint is passed over, since it lives.
    """
    return session.execute(_unended().where(Crawl.lease_until < func.now()).limit(most)).all()


def left_by(session: Session, worker: str) -> Sequence[Row[uuid.UUID, int, str, int | None, int]]:
    """Crawls of the worker of that name that have not ended, as `expired` gives them."""
    return session.execute(_unended().where(Crawl.worker == worker)).all()


def begun_before(
    session: Session, moment: datetime
) -> Sequence[Row[uuid.UUID, int, str, int | None, int]]:
    """Crawls that began earlier and have not ended, as `expired` gives them."""
    return session.execute(_unended().where(Crawl.started_at < moment)).all()


def living_workers(session: Session) -> Sequence[str]:
    """Those that hold a lease at this moment."""
    living = select(Crawl.worker).where(Crawl.ended_at.is_(None), Crawl.lease_until > func.now())
    return session.scalars(living.distinct().order_by(Crawl.worker)).all()


def of_job(session: Session, job_id: uuid.UUID) -> Sequence[Crawl]:
    """The crawls of a job, first to last."""
    return session.scalars(
        select(Crawl).where(Crawl.job_id == job_id).order_by(Crawl.attempt, Crawl.number)
    ).all()


def _unended() -> Select[uuid.UUID, int, str, int | None, int]:
    return (
        select(Crawl.job_id, Crawl.attempt, Crawl.worker, Crawl.pid, Crawl.number)
        .join(ScrapingJob, ScrapingJob.id == Crawl.job_id)
        .where(Crawl.ended_at.is_(None))
        .order_by(Crawl.lease_until)
        .with_for_update(skip_locked=True)
    )


def _living(job_id: uuid.UUID, attempt: int, number: int):  # type: ignore[no-untyped-def]  # Update[Crawl] has no public name
    return update(Crawl).where(
        Crawl.job_id == job_id,
        Crawl.attempt == attempt,
        Crawl.number == number,
        Crawl.ended_at.is_(None),
    )


def _from_now(seconds: float):  # type: ignore[no-untyped-def]
    return func.now() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
