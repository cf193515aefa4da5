"""The life of a job, from claim to end: each step one conditional UPDATE; the first commit wins.

How a job comes into being is in `requests`; how people look at jobs in `history`.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import Session

from orchestrator.exceptions import JobNotFound, TransitionRefused
from orchestrator.ledger import (
    alerts,
    bells,
    crawls,
    judging,
    pages,
    publishing,
    sharing,
    starts,
    tallies,
)
from orchestrator.ledger.models import (
    ACTIVE,
    Crawl,
    JobStatus,
    Queue,
    Requested,
    ScrapingJob,
    ScrapingTarget,
)
from orchestrator.ledger.pages import TroubledPage

#: The longest wait between two attempts.
_LONGEST_WAIT_SECONDS = 3_600

#: The reason of a crawl that has followed every link to its end.
PROVEN = sharing.PROVEN

#: The exit status of a crawler whose lease ran out unnoticed: it was stuck or asleep.
LEASE_OVER_STATUS = 75


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to crawl one attempt of a job, and all a crawler process needs to know."""

    job_id: str
    attempt: int
    target_id: int
    #: As fixed at the request: target, spider, start_urls, arguments, settings, key_fields.
    definition: dict[str, Any]
    #: How long its window is still open; None = there is no window.
    open_seconds: float | None = None
    #: Ids, in hex, of pages that the job has given up.
    left_out: tuple[str, ...] = ()
    #: Its number among the crawls of the attempt, and how many may serve that at once.
    number: int = 0
    places: int = 1


class Ending(StrEnum):
    """How a crawl ended, as far as the job's next state depends on it."""

    COMPLETED = "completed"  #: Proven complete, or a limit the target itself set was reached.
    HANDED_BACK = "handed_back"  #: Told to stop, or its storage went away; nothing is charged.
    BROKEN = "broken"  #: It ended badly from a cause that may pass.
    DIED = "died"  #: Likewise, by the death of its process: at first there is nothing to wait for.
    IMPOSSIBLE = "impossible"  #: It ended badly and would again.

    @property
    def is_charged(self) -> bool:
        """An attempt that ended so, and brought no page, counts as a failure."""
        return self in (Ending.BROKEN, Ending.DIED)


@dataclass(frozen=True, slots=True)
class End:
    """What became of a crawl."""

    ending: Ending
    #: One word for lists and statistics.
    reason: str
    #: A sentence for people, possibly followed by a traceback.
    message: str | None = None
    #: Scrapy's statistics.
    stats: dict[str, Any] | None = None
    #: The page whose callback was running when the crawler died.
    page: TroubledPage | None = None
    #: The job goes on after so long at the earliest.
    wait_seconds: float = 0


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
    in a queue that is not the job's; `queues` are those that the worker serves, None = any.
    A running job is joined where its definition asks for more crawlers than it has.
    """
    if starts.postpone(session, [job_id]):
        return None
    row = session.execute(
        update(ScrapingJob)
        .where(
            ScrapingJob.id == job_id,
            ScrapingJob.status == JobStatus.PENDING,
            ScrapingJob.run_after <= func.now(),
            true() if queues is None else bells.queue().in_(queues),
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


def finish(
    session: Session,
    job_id: uuid.UUID,
    attempt: int,
    end: End,
    *,
    retry_seconds: float,
    number: int = 0,
) -> Ended | None:
    """Writes what became of a crawl and where its job goes from there.

    What a person requested is read in the same UPDATE, so a cancel that came first wins. None when
    the crawl no longer owns the job; then nothing is written. While other crawls of the attempt
    live, the job goes on with them, unless its end is one that no other can better.
    """
    # First of all, as the checkpoint takes its locks: the two never lock each other out.
    job = _owned(session, job_id, attempt)
    left = crawls.end(session, job_id, attempt, outcome=end.reason, number=number)
    if job is None or left is None:
        return None
    gave_up = end.page is not None and pages.charge(session, job_id, end.page)
    if left.living and end.ending is not Ending.IMPOSSIBLE:
        return _go_on(session, job_id, Leaver(attempt, number, ()), end, is_fruitful=left.pages > 0)
    if left.others:
        crawls.end_others(session, job_id, attempt, outcome=end.reason)
        end = _of_all(session, job_id, attempt, end, closing=job.closing)
    failures = _failures(job_id, attempt, end.ending, gave_up=gave_up)
    status = _next_status(end.ending, failures)
    final = status.in_([JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED])
    spared = 1 if end.ending is Ending.DIED else 0
    wait: ColumnElement[float] = literal(end.wait_seconds)
    if end.ending.is_charged:
        wait = func.greatest(_wait(failures - spared, retry_seconds), wait)
    completed = and_(status == JobStatus.COMPLETED, literal(end.ending is Ending.COMPLETED))
    row = session.execute(
        update(ScrapingJob)
        .where(
            ScrapingJob.id == job_id,
            ScrapingJob.attempt == attempt,
            ScrapingJob.status == JobStatus.RUNNING,
        )
        .values(
            status=status,
            failures=failures,
            requested=None,
            closing=None,
            run_after=func.now() + func.make_interval(0, 0, 0, 0, 0, 0, wait),
            rung_at=case((wait == 0, func.now()), else_=null()),
            completed_at=case((final, func.now()), else_=null()),
            finish_reason=case((status == JobStatus.CANCELLED, "cancelled"), else_=end.reason),
            error_message=case((completed, null()), else_=end.message),
            stats=end.stats if end.stats is not None else ScrapingJob.stats,
            absences_due=and_(completed, _should_have_seen_all(end)),
        )
        .returning(*_ENDED)
    ).one_or_none()
    if row and row.status is JobStatus.COMPLETED:
        _believe(session, job_id)
    if row and row.status.is_final:
        alerts.note_end(session, job_id)
        alerts.note_changes(session, job_id)
        tallies.add_jobs(session, job_id)
    return _admitted(session, _ended(row)) if row else None


def _go_on(
    session: Session, job_id: uuid.UUID, leaver: Leaver, end: End, *, is_fruitful: bool
) -> Ended:
    """The job goes on with its other crawls, and another may take this one's place.

    At once where the crawl was told to stop or died; later where it would only end likewise.
    """
    is_over = end.ending is Ending.COMPLETED
    is_alone = end.reason == sharing.ALONE
    # A page that is charged is progress: after three of its charges it is left out.
    is_wasted = end.ending.is_charged and not is_fruitful and end.page is None
    if is_alone or is_wasted:
        sharing.take_away(session, job_id, leaver.attempt, all_but_one=is_alone)
    if end.stats:
        crawls.keep_stats(session, job_id, leaver.attempt, leaver.number, end.stats)
    if not is_over and not is_alone:
        said = f"Crawl {leaver.number} has ended, the others go on. {end.message or end.reason}"
        sharing.note(session, job_id, leaver.attempt, said)
    limit = end.reason if is_over and end.reason != PROVEN else None
    row = session.execute(
        update(ScrapingJob)
        .where(ScrapingJob.id == job_id)
        .values(
            closing=func.coalesce(ScrapingJob.closing, limit),
            rung_at=func.now(),
            run_after=func.greatest(
                ScrapingJob.run_after,
                func.now() + func.make_interval(0, 0, 0, 0, 0, 0, end.wait_seconds),
            ),
        )
        .returning(*_ENDED, ScrapingJob.requested, ScrapingJob.closing)
    ).one()
    replaced = end.ending in (Ending.HANDED_BACK, Ending.DIED) and not (is_wasted or is_alone)
    return replace(
        _ended(row),
        ring=replaced and not (end.wait_seconds or row.requested or row.closing),
        left=replace(leaver, left_out=tuple(pages.to_leave_out(session, job_id))),
    )


def _of_all(
    session: Session, job_id: uuid.UUID, attempt: int, end: End, *, closing: str | None
) -> End:
    """How an attempt ended that several crawls have served, when this is the last one's end.

    What another has proven stays so, and a limit that another met is met, even when the last one
    dies before it can say the same.
    """
    end = replace(end, stats=sharing.stats(session, job_id, attempt, end.stats))
    if end.ending is Ending.IMPOSSIBLE:
        return end
    if sharing.is_proven(session, job_id, attempt):
        return replace(end, ending=Ending.COMPLETED, reason=PROVEN, wait_seconds=0)
    if closing and end.ending is not Ending.COMPLETED:
        return replace(end, ending=Ending.COMPLETED, reason=closing, wait_seconds=0)
    return end


def _believe(session: Session, job_id: uuid.UUID) -> None:
    """Holds back what the job found, unless it is believed."""
    if verdict := judging.judge_job(session, job_id):
        publishing.hold(session, job_id, verdict)


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
    return _admitted(session, resumed)


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
        .returning(*_ENDED)
    ).one_or_none()
    return _ended(row) if row else None


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


def _owned(session: Session, job_id: uuid.UUID, attempt: int) -> Any:
    """The job that the attempt owns, locked so that it does until the commit; else None."""
    own = select(ScrapingJob.closing).where(
        ScrapingJob.id == job_id,
        ScrapingJob.attempt == attempt,
        ScrapingJob.status == JobStatus.RUNNING,
    )
    return session.execute(own.with_for_update()).one_or_none()


def _should_have_seen_all(end: End) -> ColumnElement[bool]:
    """True of a job whose not seeing an item means that the item is gone.

    Not when a limit ended it, when it went on without a page, or when it was started by hand with
    who knows which arguments. And who found nothing at all has not looked in the right place.
    """
    return and_(
        literal(end.reason == PROVEN),
        ScrapingJob.pages_given_up == 0,
        ScrapingJob.items_scraped > 0,
        not_(ScrapingJob.definition.has_key("one_attempt")),
    )


def _failures(
    job_id: uuid.UUID, attempt: int, ending: Ending, *, gave_up: bool
) -> ColumnElement[int]:
    """Progress forgives earlier failures; a broken attempt without a page is one more.

    To give up the page that broke the crawl is progress: the next attempt goes on without it.
    """
    if not ending.is_charged:
        return ScrapingJob.failures.expression
    if gave_up:
        return literal(0)
    progressed = exists().where(Crawl.job_id == job_id, Crawl.attempt == attempt, Crawl.pages > 0)
    return case((progressed, 0), else_=ScrapingJob.failures + 1)


def _next_status(ending: Ending, failures: ColumnElement[int]) -> ColumnElement[JobStatus]:
    most = cast(ScrapingJob.definition["max_attempts"].astext, Integer)
    deleted = exists().where(
        ScrapingTarget.id == ScrapingJob.target_id, ScrapingTarget.deleted_at.is_not(None)
    )
    otherwise = {
        Ending.COMPLETED: JobStatus.COMPLETED,
        Ending.IMPOSSIBLE: JobStatus.FAILED,
        Ending.HANDED_BACK: JobStatus.PENDING,
        Ending.BROKEN: JobStatus.PENDING,
        Ending.DIED: JobStatus.PENDING,
    }[ending]
    only_attempt = ScrapingJob.definition.has_key("one_attempt")
    charged, ended = ending.is_charged, otherwise is not JobStatus.PENDING
    return case(
        (or_(ScrapingJob.requested == Requested.CANCEL, deleted), _word(JobStatus.CANCELLED)),
        (literal(ended), _word(otherwise)),
        (ScrapingJob.requested == Requested.PAUSE, _word(JobStatus.PAUSED)),
        (or_(only_attempt, and_(literal(charged), failures >= most)), _word(JobStatus.FAILED)),
        else_=_word(otherwise),
    )


def _word(status: JobStatus) -> ColumnElement[JobStatus]:
    return literal(status, ScrapingJob.status.type)


def _wait(failures: ColumnElement[int], retry_seconds: float) -> ColumnElement[float]:
    """Seconds until the next attempt: none after progress, else doubled by each failure."""
    grown = retry_seconds * func.power(2, failures - 1)
    return case((failures <= 0, 0), else_=func.least(grown, _LONGEST_WAIT_SECONDS))


_ENDED = (
    ScrapingJob.id,
    ScrapingJob.target_id,
    ScrapingJob.status,
    ScrapingJob.priority,
    bells.is_due().label("ring"),
    bells.queue().label("queue"),
)


def _ended(row: Any) -> Ended:
    return Ended(row.id, row.target_id, row.status, row.priority, row.ring, row.queue)


def _admitted(session: Session, ended: Ended) -> Ended:
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
        update(ScrapingJob).where(ScrapingJob.id == job_id, where).values(values).returning(*_ENDED)
    ).one_or_none()
    if row:
        return _ended(row)
    status = session.scalar(select(ScrapingJob.status).where(ScrapingJob.id == job_id))
    if status is None:
        raise JobNotFound(f"There is no job {job_id}.")
    raise TransitionRefused(f"Job {job_id} is {status} and cannot be {verb}.")
