"""How a crawl ended, and where its job goes from there.

The last crawl of an attempt moves the job, in one conditional UPDATE; one that leaves others behind
leaves it running.
"""

import uuid
from dataclasses import replace
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
    update,
)
from sqlalchemy.orm import Session

from orchestrator.ledger import (
    alerts,
    crawls,
    judging,
    pages,
    publishing,
    sharing,
    tallies,
)
from orchestrator.ledger.ends import PROVEN, End, Ending
from orchestrator.ledger.jobs import ENDED, Ended, Leaver, admitted, ended
from orchestrator.ledger.models import (
    Crawl,
    JobStatus,
    Requested,
    ScrapingJob,
    ScrapingTarget,
)

#: The longest wait between two attempts.
_LONGEST_WAIT_SECONDS = 3_600


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
    left = crawls.end(session, job_id, attempt, outcome=end.reason, number=number, tally=end.tally)
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
        .returning(*ENDED)
    ).one_or_none()
    if row and row.status is JobStatus.COMPLETED:
        _believe(session, job_id)
    if row and row.status.is_final:
        alerts.note_end(session, job_id)
        alerts.note_changes(session, job_id)
        tallies.add_jobs(session, job_id)
    return admitted(session, ended(row)) if row else None


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
        .returning(*ENDED, ScrapingJob.requested, ScrapingJob.closing)
    ).one()
    replaced = end.ending in (Ending.HANDED_BACK, Ending.DIED) and not (is_wasted or is_alone)
    return replace(
        ended(row),
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
