"""How a job comes into being: one INSERT for one target or for ten thousand.

A target has at most one active job. Whoever asks while there is one is told its id; only a
request that must leave a trace of its own (a schedule's occasion, a Celery message) gets a row
that says it was skipped, and for what. Where the target says so an occasion is queued instead: it
stays due, and gets its job when the active one has ended.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Uuid, and_, case, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from orchestrator import config
from orchestrator.exceptions import JobNotFound, TargetNotFound, TransitionRefused
from orchestrator.ledger import bells, starts, tallies
from orchestrator.ledger.models import (
    ACTIVE,
    JobStatus,
    Overlap,
    Queue,
    ScrapingJob,
    ScrapingTarget,
    Trigger,
)

#: Between our INSERT and our look at the active job, that job may end; then we ask again.
_ATTEMPTS = 5

#: What a crawl needs to know, as it stands when the job is requested.
_DEFINITION = func.jsonb_build_object(
    "target", ScrapingTarget.name,
    "spider", ScrapingTarget.spider,
    "start_urls", func.to_jsonb(ScrapingTarget.start_urls),
    "arguments", ScrapingTarget.arguments,
    "settings", ScrapingTarget.settings,
    "key_fields", func.to_jsonb(ScrapingTarget.key_fields),
    "max_attempts", ScrapingTarget.max_attempts,
    "render", ScrapingTarget.render,
)  # fmt: skip
#: Likewise, and most targets say nothing of it.
_SERVED = func.jsonb_strip_nulls(
    func.jsonb_build_object(
        "crawlers", func.nullif(ScrapingTarget.crawlers, 1),
        "worker_tag", ScrapingTarget.worker_tag,
    )
)  # fmt: skip
_ONE_ATTEMPT = func.jsonb_build_object("one_attempt", True)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request for one target."""

    target_id: int
    job_id: uuid.UUID
    status: JobStatus
    priority: int
    #: True when this request made the job; False when it found one.
    started: bool
    #: When the job that was made may begin, if that is not at once.
    starts_at: datetime | None = None
    #: The occasion waits for the job that was found.
    queued: bool = False
    #: Where its bell is rung.
    queue: str = Queue.CRAWLS

    @property
    def why_not(self) -> str | None:
        """Why nothing was started, in a sentence."""
        if self.started:
            return None
        if self.queued:
            return f"queued behind job {self.job_id}, which is {self.status}"
        if self.status is JobStatus.SKIPPED:
            return f"skipped as job {self.job_id}: another job of this target is active"
        return f"job {self.job_id} of this target is {self.status} already"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a request says beside the target."""

    trigger: Trigger
    #: None = the target's own.
    priority: int | None = None
    #: The occasion of a schedule; a target has one job for each.
    due_at: datetime | None = None
    retry_of: uuid.UUID | None = None
    #: A person watches it: when it ends badly nobody starts it again.
    one_attempt: bool = False
    #: A person wants it now: the target's window does not count.
    at_any_time: bool = False


def request(
    session: Session, target_id: int, terms: Terms, *, job_id: uuid.UUID | None = None
) -> Answer:
    """A job for one target, under the id `job_id` if one is given.

    Raises TargetNotFound. Asking again with the same id or occasion gives the same job.
    """
    for _ in range(_ATTEMPTS):
        if made := _insert(session, [target_id], terms, job_id=job_id):
            return made[0]
        if found := _existing(session, [target_id], terms, job_id=job_id):
            return found[0]
        if not _living(session, {target_id}):
            raise TargetNotFound(f"There is no target {target_id}; `kumo targets list` shows all.")
    raise TransitionRefused(f"Target {target_id} changes too fast to start a job; try again.")


def request_many(session: Session, target_ids: Sequence[int], terms: Terms) -> list[Answer]:
    """A job for each living target of these, in one INSERT; those busy are told what with."""
    answers: list[Answer] = []
    left = set(target_ids)
    for _ in range(_ATTEMPTS):
        for ask in (_insert, _existing):
            answers += ask(session, sorted(left), terms) if left else []
            left -= {answer.target_id for answer in answers}
        if not (left := _living(session, left) if left else left):
            break
    return answers


def repeat(session: Session, job_id: uuid.UUID, trigger: Trigger) -> Answer:
    """A new job for the target of one that ended; the old one stays as it is.

    Raises JobNotFound, or TransitionRefused while the job is active.
    """
    # The lock that a reference takes: clean-up must not delete it before the new job refers to it.
    job = session.get(ScrapingJob, job_id, with_for_update={"read": True, "key_share": True})
    if job is None:
        raise JobNotFound(f"There is no job {job_id}.")
    if not job.status.is_final:
        raise TransitionRefused(f"Job {job_id} is {job.status} and cannot be retried.")
    return request(session, job.target_id, Terms(trigger, priority=job.priority, retry_of=job.id))


def _insert(
    session: Session, target_ids: Sequence[int], terms: Terms, *, job_id: uuid.UUID | None = None
) -> list[Answer]:
    priority = ScrapingTarget.priority if terms.priority is None else literal(terms.priority)
    source = (
        select(
            literal(job_id, Uuid) if job_id else func.gen_random_uuid(),
            ScrapingTarget.id,
            literal(terms.trigger, ScrapingJob.trigger.type),
            priority,
            _definition(terms),
            literal(terms.due_at, ScrapingJob.due_at.type),
            literal(terms.retry_of, Uuid),
        )
        .where(ScrapingTarget.id == func.any(list(target_ids)), ScrapingTarget.deleted_at.is_(None))
        # Two requests for the same targets wait for each other in the same order.
        .order_by(ScrapingTarget.id)
    )
    names = ["id", "target_id", "trigger", "priority", "definition", "due_at", "retry_of"]
    rows = session.execute(
        insert(ScrapingJob)
        .from_select(names, source)
        .on_conflict_do_nothing()
        .returning(
            ScrapingJob.id,
            ScrapingJob.target_id,
            ScrapingJob.priority,
            ScrapingJob.definition.has_key("crawl_window").label("has_window"),
            bells.queue().label("queue"),
        )
    ).all()
    held = [row.id for row in rows if row.has_window or terms.due_at]
    later = starts.postpone(session, held, spread=terms.due_at is not None) if held else {}
    return [
        Answer(
            row.target_id,
            row.id,
            JobStatus.PENDING,
            row.priority,
            started=True,
            starts_at=later.get(row.id),
            queue=row.queue,
        )
        for row in rows
    ]


def _definition(terms: Terms) -> ColumnElement[Any]:
    """What the jobs carry; who has it watched, or wants it now, does not mind the window.

    Who has it watched crawls it in the one process that is being watched.
    """
    if terms.one_attempt:
        return _DEFINITION.op("||")(_ONE_ATTEMPT)
    definition = _DEFINITION.op("||")(_SERVED)
    if terms.at_any_time:
        return definition
    zone = func.coalesce(ScrapingTarget.timezone, config.get().timezone)
    window = func.jsonb_build_object("crawl_window", ScrapingTarget.crawl_window, "timezone", zone)
    return case(
        (ScrapingTarget.crawl_window.is_(None), definition), else_=definition.op("||")(window)
    )


def _existing(
    session: Session, target_ids: Sequence[int], terms: Terms, *, job_id: uuid.UUID | None = None
) -> list[Answer]:
    """The jobs that stood in the way: of the same id, else occasion, else the active ones."""
    if job_id and (job := session.get(ScrapingJob, job_id)):
        return [_found(job)]
    same = _of_occasion(session, target_ids, terms.due_at) if terms.due_at else []
    left = set(target_ids) - {job.target_id for job in same}
    busy = _active(session, sorted(left)) if left else []
    if not terms.due_at and not job_id:
        return [_found(job) for job in busy]
    queued = _queueing(session, busy) if terms.due_at else set()
    return [
        *(_found(job) for job in same),
        *(replace(_found(job), queued=True) for job in busy if job.target_id in queued),
        *_skip(session, [job for job in busy if job.target_id not in queued], terms, job_id=job_id),
    ]


def _queueing(session: Session, busy: Sequence[ScrapingJob]) -> set[int]:
    """The targets of those jobs whose occasions wait: they stay due, and a sweep asks again."""
    query = select(ScrapingTarget.id).where(
        ScrapingTarget.id == func.any([job.target_id for job in busy]),
        ScrapingTarget.overlap == Overlap.QUEUE,
    )
    return set(session.scalars(query)) if busy else set()


def _of_occasion(
    session: Session, target_ids: Sequence[int], due_at: datetime
) -> Sequence[ScrapingJob]:
    return session.scalars(_of_living(target_ids).where(ScrapingJob.due_at == due_at)).all()


def _active(session: Session, target_ids: Sequence[int]) -> Sequence[ScrapingJob]:
    return session.scalars(_of_living(target_ids).where(ScrapingJob.status.in_(ACTIVE))).all()


def _of_living(target_ids: Sequence[int]) -> Select[ScrapingJob]:
    """Jobs of those targets; one that is deleted may still have a crawl that is ending."""
    return (
        select(ScrapingJob)
        .join(ScrapingTarget, ScrapingTarget.id == ScrapingJob.target_id)
        .where(ScrapingTarget.id == func.any(list(target_ids)), ScrapingTarget.deleted_at.is_(None))
    )


def _skip(
    session: Session,
    busy: Sequence[ScrapingJob],
    terms: Terms,
    *,
    job_id: uuid.UUID | None,
) -> list[Answer]:
    """A row for each that says which job it gave way to."""
    if not busy:
        return []
    rows = session.scalars(
        insert(ScrapingJob)
        .values([_skipped(job, terms, job_id or uuid.uuid4()) for job in busy])
        .on_conflict_do_nothing()
        .returning(ScrapingJob)
    ).all()
    tallies.add_jobs(session, *(row.id for row in rows))
    return [_found(row) for row in rows]


def _skipped(busy: ScrapingJob, terms: Terms, job_id: uuid.UUID) -> dict[str, Any]:
    return {
        "id": job_id,
        "target_id": busy.target_id,
        "status": JobStatus.SKIPPED,
        "trigger": terms.trigger,
        "priority": busy.priority if terms.priority is None else terms.priority,
        "definition": busy.definition,
        "due_at": terms.due_at,
        "completed_at": func.now(),
        "finish_reason": "target_busy",
        "error_message": f"Skipped: job {busy.id} of this target was still {busy.status}.",
    }


def _found(job: ScrapingJob) -> Answer:
    return Answer(job.target_id, job.id, job.status, job.priority, started=False)


def _living(session: Session, target_ids: set[int]) -> set[int]:
    living = and_(ScrapingTarget.id.in_(target_ids), ScrapingTarget.deleted_at.is_(None))
    return set(session.scalars(select(ScrapingTarget.id).where(living)))
