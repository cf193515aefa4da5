"""The life of a job: each step one conditional UPDATE; the first commit wins.

How a job comes into being is in `requests`, what becomes of it when a crawl ends in `endings`; how
people look at jobs is in `history`.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    func,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from orchestrator.exceptions import JobNotFound, TransitionRefused
from orchestrator.ledger import (
    alerts,
    bells,
    crawls,
    pages,
    publishing,
    sharing,
    starts,
    tallies,
)
from orchestrator.ledger.claims import Claim
from orchestrator.ledger.models import (
    ACTIVE,
    JobStatus,
    Queue,
    Requested,
    ScrapingJob,
)


@dataclass(frozen=True, slots=True)
class Leaver:
    """A crawl that ended before others of its attempt, and what is to be done about its leases."""

    attempt: int
    number: int
    #: Ids, in hex, of pages that none of the others should take.
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """Where a job stands after a crawl or a request of a person."""

    job_id: uuid.UUID
    target_id: int
    status: JobStatus
    priority: int
    #: Its bell should be rung: it is pending and may be claimed at once.
    ring: bool
    #: Where its bell is rung.
    queue: str = Queue.CRAWLS
    #: The crawl that others go on without; None when the job is not being crawled any more.
    left: Leaver | None = None


def claim(
    session: Session,
    job_id: uuid.UUID,
    *,
    worker: str,
    lease_seconds: float,
    queues: Collection[str] | None = None,
) -> Claim | None:
    """Takes a pending job for one crawl: `attempt` rises and the lease begins. Or joins another.

    None when it is not there to take: a bell rung twice, or too early, or outside its window, or
    in a queue that is not the job's; `queues` are those that the worker serves, None = any. A
    running job is joined where its definition asks for more crawlers than it has.
    """
    if starts.postpone(session, [job_id]):
        return None
    row = session.execute(
        update(ScrapingJob)
        .where(
            ScrapingJob.id == job_id,
            ScrapingJob.status == JobStatus.PENDING,
            ScrapingJob.run_after <= func.now(),
            bells.is_rung_in(queues),
        )
        .values(
            status=JobStatus.RUNNING,
            attempt=ScrapingJob.attempt + 1,
            started_at=func.coalesce(ScrapingJob.started_at, func.now()),
            rung_at=func.now(),
            requested=None,
            closing=None,
            error_message=None,
            finish_reason=None,
        )
        .returning(
            ScrapingJob.attempt,
            ScrapingJob.target_id,
            ScrapingJob.definition,
            func.now().label("now"),
        )
    ).one_or_none()
    if row is None:
        joined = sharing.join(
            session, job_id, worker=worker, lease_seconds=lease_seconds, queues=queues
        )
        return _claim(session, job_id, joined, joined.number, joined.places) if joined else None
    publishing.discard_before(session, row.target_id, job_id)
    places = sharing.places(row.definition)
    crawls.begin(
        session, job_id, row.attempt, worker=worker, lease_seconds=lease_seconds, places=places
    )
    return _claim(session, job_id, row, 0, places)


def _claim(session: Session, job_id: uuid.UUID, job: Any, number: int, places: int) -> Claim:
    is_first = job.attempt == 1 and number == 0
    window = starts.window_of(job.definition)
    return Claim(
        str(job_id),
        job.attempt,
        job.target_id,
        job.definition,
        open_seconds=(window.closing(job.now) - job.now).total_seconds() if window else None,
        left_out=() if is_first else tuple(pages.to_leave_out(session, job_id)),
        number=number,
        places=places,
    )


def cancel(session: Session, job_id: uuid.UUID) -> Ended:
    """Ends a job for good: at once when nobody crawls it, else at its next checkpoint.

    Raises JobNotFound, or TransitionRefused when it has ended already.
    """
    cancelled = _move(
        session,
        job_id,
        verb="cancelled",
        where=ScrapingJob.status.in_(ACTIVE),
        status=_unless_running(JobStatus.CANCELLED),
        requested=_if_running(Requested.CANCEL),
        completed_at=_unless_running(func.now(), ScrapingJob.completed_at),
        finish_reason=_unless_running("cancelled", ScrapingJob.finish_reason),
    )
    alerts.note_changes(session, job_id)
    tallies.add_jobs(session, job_id)
    return cancelled


def pause(session: Session, job_id: uuid.UUID) -> Ended:
    """Holds a job until it is resumed; its frontier waits. A cancel already asked for stays."""
    return _move(
        session,
        job_id,
        verb="paused",
        where=and_(
            ScrapingJob.status.in_((JobStatus.PENDING, JobStatus.RUNNING)),
            or_(ScrapingJob.requested.is_(None), ScrapingJob.requested == Requested.PAUSE),
        ),
        status=_unless_running(JobStatus.PAUSED),
        requested=_if_running(Requested.PAUSE),
    )


def resume(session: Session, job_id: uuid.UUID) -> Ended:
    """Lets a paused job go on, or takes back a pause that was not yet served."""
    paused = ScrapingJob.status == JobStatus.PAUSED
    resumed = _move(
        session,
        job_id,
        verb="resumed",
        where=or_(paused, ScrapingJob.requested == Requested.PAUSE),
        status=case((paused, JobStatus.PENDING), else_=ScrapingJob.status),
        requested=None,
        run_after=func.now(),
        rung_at=func.now(),
    )
    return admitted(session, resumed)


def hasten(session: Session, job_id: uuid.UUID) -> Ended | None:
    """Puts a waiting job before all others, to be claimed now; None when it does not wait.

    Its window does not count any more: a person wants it now.
    """
    row = session.execute(
        update(ScrapingJob)
        .where(ScrapingJob.id == job_id, ScrapingJob.status == JobStatus.PENDING)
        .values(
            priority=0,
            run_after=func.now(),
            rung_at=func.now(),
            definition=ScrapingJob.definition.op("-")("crawl_window"),
        )
        .returning(*ENDED)
    ).one_or_none()
    return ended(row) if row else None


def cancel_all_of(session: Session, target_id: int) -> Sequence[Ended]:
    """Cancels what is active of a target that goes away."""
    active = select(ScrapingJob.id).where(
        ScrapingJob.target_id == target_id, ScrapingJob.status.in_(ACTIVE)
    )
    # Locked, or one could end before it is cancelled.
    ids = session.scalars(active.with_for_update()).all()
    return [cancel(session, job_id) for job_id in ids]


def ended_among(session: Session, job_ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the ids whose job has ended or is gone: nothing of theirs needs to be kept."""
    active = session.scalars(
        select(ScrapingJob.id).where(
            ScrapingJob.id == func.any(list(job_ids)), ScrapingJob.status.in_(ACTIVE)
        )
    )
    return set(job_ids) - set(active)


#: What a statement returns for `ended`.
ENDED = (
    ScrapingJob.id,
    ScrapingJob.target_id,
    ScrapingJob.status,
    ScrapingJob.priority,
    bells.is_due().label("ring"),
    bells.queue().label("queue"),
)


def ended(row: Any) -> Ended:
    """Where the job of such a row stands."""
    return Ended(row.id, row.target_id, row.status, row.priority, row.ring, row.queue)


def admitted(session: Session, ended: Ended) -> Ended:
    """A job that goes on does so within its window."""
    later = ended.ring and starts.postpone(session, [ended.job_id])
    return replace(ended, ring=False) if later else ended


def _running() -> ColumnElement[bool]:
    return ScrapingJob.status == JobStatus.RUNNING


def _unless_running(value: Any, else_: Any = ScrapingJob.status) -> ColumnElement[Any]:
    return case((_running(), else_), else_=value)


def _if_running(value: Requested) -> ColumnElement[Any]:
    return case((_running(), value), else_=null())


def _move(
    session: Session, job_id: uuid.UUID, *, verb: str, where: ColumnElement[bool], **values: Any
) -> Ended:
    row = session.execute(
        update(ScrapingJob).where(ScrapingJob.id == job_id, where).values(values).returning(*ENDED)
    ).one_or_none()
    if row:
        return ended(row)
    status = session.scalar(select(ScrapingJob.status).where(ScrapingJob.id == job_id))
    if status is None:
        raise JobNotFound(f"There is no job {job_id}.")
    raise TransitionRefused(f"Job {job_id} is {status} and cannot be {verb}.")
