"""Leases and attempts: one row per crawler process.

All times are the database's own: a worker whose clock is wrong neither loses nor keeps a lease.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, Select, func, insert, select, update
from sqlalchemy.orm import Session

from orchestrator.exceptions import LeaseLost
from orchestrator.ledger import tallies
from orchestrator.ledger.models import Crawl, JobStatus, ScrapingJob


def begin(
    session: Session, job_id: uuid.UUID, attempt: int, *, worker: str, lease_seconds: float
) -> None:
    """The lease begins with the claim, not with the first heartbeat."""
    session.execute(
        insert(Crawl).values(
            job_id=job_id, attempt=attempt, worker=worker, lease_until=_from_now(lease_seconds)
        )
    )


def record_pid(session: Session, job_id: uuid.UUID, attempt: int, *, pid: int | None) -> None:
    session.execute(_living(job_id, attempt).values(pid=pid))


def renew(session: Session, job_id: uuid.UUID, attempt: int, *, lease_seconds: float) -> None:
    """Prolongs the lease without a checkpoint. Raises LeaseLost."""
    renewed = session.execute(
        _living(job_id, attempt)
        .where(Crawl.job_id == ScrapingJob.id, ScrapingJob.attempt == attempt)
        .where(ScrapingJob.status == JobStatus.RUNNING)
        .values(lease_until=_from_now(lease_seconds), heartbeat_at=func.now())
        .returning(Crawl.attempt)
    ).one_or_none()
    if renewed is None:
        raise LeaseLost(f"Attempt {attempt} of job {job_id} no longer owns it.")


def end(session: Session, job_id: uuid.UUID, attempt: int, *, outcome: str) -> None:
    """Frees the lease; an attempt that has ended already keeps its outcome."""
    ended = _living(job_id, attempt).values(ended_at=func.now(), outcome=outcome)
    tallies.add(session, session.scalar(ended.returning(Crawl.tally)) or {})


def expired(session: Session, *, most: int) -> Sequence[Row[uuid.UUID, int, str, int | None]]:
    """Attempts whose lease has run out: job id, attempt, worker and pid.

    Locked against a second sweep.

    Their jobs are locked too: one in the midst of its checkpoint is passed over, since it lives.
    """
    return session.execute(_unended().where(Crawl.lease_until < func.now()).limit(most)).all()


def left_by(session: Session, worker: str) -> Sequence[Row[uuid.UUID, int, str, int | None]]:
    """Attempts of the worker of that name that have not ended, as `expired` gives them."""
    return session.execute(_unended().where(Crawl.worker == worker)).all()


def begun_before(
    session: Session, moment: datetime
) -> Sequence[Row[uuid.UUID, int, str, int | None]]:
    """Attempts that began earlier and have not ended, as `expired` gives them."""
    return session.execute(_unended().where(Crawl.started_at < moment)).all()


def living_workers(session: Session) -> Sequence[str]:
    """Those that hold a lease at this moment."""
    living = select(Crawl.worker).where(Crawl.ended_at.is_(None), Crawl.lease_until > func.now())
    return session.scalars(living.distinct().order_by(Crawl.worker)).all()


def of_job(session: Session, job_id: uuid.UUID) -> Sequence[Crawl]:
    """The attempts of a job, first to last."""
    return session.scalars(
        select(Crawl).where(Crawl.job_id == job_id).order_by(Crawl.attempt)
    ).all()


def _unended() -> Select[uuid.UUID, int, str, int | None]:
    return (
        select(Crawl.job_id, Crawl.attempt, Crawl.worker, Crawl.pid)
        .join(ScrapingJob, ScrapingJob.id == Crawl.job_id)
        .where(Crawl.ended_at.is_(None))
        .order_by(Crawl.lease_until)
        .with_for_update(skip_locked=True)
    )


def _living(job_id: uuid.UUID, attempt: int):  # type: ignore[no-untyped-def]  # Update[Crawl] has no public name
    return update(Crawl).where(
        Crawl.job_id == job_id, Crawl.attempt == attempt, Crawl.ended_at.is_(None)
    )


def _from_now(seconds: float):  # type: ignore[no-untyped-def]
    return func.now() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
