"""Jobs: request, list, read; what may be asked of one; its log and its statistics."""

from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_login import current_user

from dashboard import deeds
from dashboard.api import cursors, entity_tags, lists
from dashboard.api.models.jobs import (
    Job,
    JobDetail,
    JobList,
    JobOfTargetQuery,
    JobQuery,
    JobRequest,
    JobStarted,
    LogLine,
    LogLineList,
    LogQuery,
    Statistics,
)
from dashboard.api.problems import RequestInvalid
from dashboard.api.routes import Answer, Routes, told
from dashboard.api.views.targets import found
from orchestrator import database, triggers
from orchestrator.ledger import findings, history, job_lists, judging, logs, request_keys
from orchestrator.ledger.job_lists import JobFilter
from orchestrator.ledger.logs import LogFilter
from orchestrator.ledger.models import Role, ScrapingJob, ScrapingTarget, Trigger
from orchestrator.ledger.request_keys import RequestKey

routes = Routes("jobs", "Requested executions of targets.")

_STARTED = {
    200: Answer("Nothing was started: the target is busy with this job.", JobStarted),
    201: Answer("The job that was started.", JobStarted, {"Location": "Where it is."}),
}
_NOW = {200: Answer("The job as it is now.", Job)}


@routes.add(
    "GET",
    "/targets/<target>/jobs",
    needs=Role.VIEWER,
    query=JobOfTargetQuery,
    answers={200: Answer("The newest first.", JobList)},
)
def of_target(target: str, query: JobOfTargetQuery) -> Response:
    """List the jobs of a target."""
    which = JobFilter(found(target).id, tuple(query.status), since=query.since, until=query.until)
    return _page(which, query)


@routes.add(
    "POST",
    "/targets/<target>/jobs",
    needs=Role.OPERATOR,
    body=JobRequest,
    body_optional=True,
    headers={
        "Idempotency-Key": (
            "Up to 255 letters of your own. Asked again with the same within a day, the same job "
            "is told. When the target is busy, that is a skipped job which names the other."
        )
    },
    answers=_STARTED,
    problems=(409,),
)
def start(target: str, body: JobRequest) -> Response:
    """Request a job.

    A target has one active job at a time; while there is one, that is the answer.
    """
    answer = deeds.run(target, Trigger.API, urgently=body.urgently, key=_key())
    return _started(answer.job_id, started=answer.started)


@routes.add(
    "GET",
    "/jobs",
    needs=Role.VIEWER,
    query=JobQuery,
    answers={200: Answer("The newest first.", JobList)},
    problems=(404,),
)
def index(query: JobQuery) -> Response:
    """List jobs.

    A part may be short, or empty, while there are more: `next` alone says whether there are.
    """
    which = JobFilter(
        found(query.target).id if query.target else None,
        tuple(query.status),
        query.trigger,
        query.verdict,
        since=query.since,
        until=query.until,
    )
    return _page(which, query)


@routes.add(
    "GET",
    "/jobs/<uuid:job_id>",
    needs=Role.VIEWER,
    headers=entity_tags.IF_NONE_MATCH,
    answers={
        200: Answer("The job.", JobDetail, {"ETag": "Of a job that has ended."}),
        **entity_tags.UNCHANGED,
    },
)
def one(job_id: UUID) -> Response:
    """Read a job."""
    with database.transaction() as session:
        job, target = history.one(session, job_id)
        judgement = judging.of_job(session, job_id)
    against = [str(findings.sentence(each)) for each in judgement.findings] if judgement else []
    answer = told(JobDetail.model_validate(_facts(job, target) | {"findings": against}))
    return entity_tags.conditional(answer) if job.status.is_final else answer


@routes.add(
    "POST", "/jobs/<uuid:job_id>/cancel", needs=Role.OPERATOR, answers=_NOW, problems=(409,)
)
def cancel(job_id: UUID) -> Job:
    """Cancel a job.

    For good: at once when nobody crawls it, else at its crawl's next checkpoint; then the job is
    still running and `requested` says `cancel`. Items that it has found are kept.
    """
    deeds.cancel(job_id)
    return _read(job_id)


@routes.add("POST", "/jobs/<uuid:job_id>/pause", needs=Role.OPERATOR, answers=_NOW, problems=(409,))
def pause(job_id: UUID) -> Job:
    """Pause a job.

    Its frontier waits until it is resumed.
    """
    deeds.pause(job_id)
    return _read(job_id)


@routes.add(
    "POST", "/jobs/<uuid:job_id>/resume", needs=Role.OPERATOR, answers=_NOW, problems=(409,)
)
def resume(job_id: UUID) -> Job:
    """Resume a paused job."""
    deeds.resume(job_id)
    return _read(job_id)


@routes.add(
    "POST", "/jobs/<uuid:job_id>/retry", needs=Role.OPERATOR, answers=_STARTED, problems=(409,)
)
def retry(job_id: UUID) -> Response:
    """Retry a job that ended.

    A new job of its target, as the target is defined now; the old one stays as it is.
    """
    answer = deeds.retry(job_id, Trigger.API)
    return _started(answer.job_id, started=answer.started)


@routes.add(
    "POST", "/jobs/<uuid:job_id>/accept", needs=Role.OPERATOR, answers=_NOW, problems=(409,)
)
def accept(job_id: UUID) -> Job:
    """Accept what is held back of a job.

    It becomes the current data.
    """
    triggers.accept(job_id, current_user.name)
    return _read(job_id)


@routes.add(
    "POST", "/jobs/<uuid:job_id>/discard", needs=Role.OPERATOR, answers=_NOW, problems=(409,)
)
def discard(job_id: UUID) -> Job:
    """Discard what is held back of a job."""
    triggers.discard(job_id, current_user.name)
    return _read(job_id)


@routes.add("POST", "/jobs/<uuid:job_id>/undo", needs=Role.OPERATOR, answers=_NOW, problems=(409,))
def undo(job_id: UUID) -> Job:
    """Undo what was decided about a job.

    Its changes are held back again; for thirty days, and while no later job was accepted.
    """
    triggers.undo(job_id, current_user.name)
    return _read(job_id)


@routes.add(
    "GET",
    "/jobs/<uuid:job_id>/log",
    needs=Role.VIEWER,
    query=LogQuery,
    answers={200: Answer("Its lines, in the order they were written.", LogLineList)},
)
def log(job_id: UUID, query: LogQuery) -> Response:
    """Read the log of a job."""
    attempt, seq = cursors.read(query.cursor) if query.cursor else (0, -1)
    which = LogFilter(query.level, query.text)
    with database.transaction() as session:
        history.one(session, job_id)
        lines = logs.chunk(session, job_id, which, after=(attempt, seq), most=query.limit + 1)
    shown = lines[: query.limit]
    more = len(lines) > len(shown)
    place = cursors.written(shown[-1].attempt, shown[-1].seq) if more else None
    return lists.told(map(LogLine.model_validate, shown), place)


@routes.add(
    "GET",
    "/jobs/<uuid:job_id>/statistics",
    needs=Role.VIEWER,
    answers={200: Answer("Scrapy's statistics.", Statistics)},
)
def statistics(job_id: UUID) -> Statistics:
    """Read Scrapy's statistics of a job."""
    with database.transaction() as session:
        job, _ = history.one(session, job_id)
    return Statistics(stats=job.stats)


def _key() -> RequestKey | None:
    """Every token, and everybody who is signed in, has keys of their own. Raises RequestInvalid."""
    if (key := request.headers.get("Idempotency-Key")) is None:
        return None
    if not key or len(key) > request_keys.LONGEST or not key.isprintable():
        raise RequestInvalid(
            {"Idempotency-Key": f"should be 1 to {request_keys.LONGEST} letters in one line"}
        )
    token = current_user.token_id
    who = f"person {current_user.user_id}" if token is None else f"token {token}"
    return RequestKey(who, key)


def _page(which: JobFilter, query: JobQuery | JobOfTargetQuery) -> Response:
    older = None
    if query.cursor:
        at, job_id = cursors.read(query.cursor)
        older = cursors.moment_of(at), UUID(job_id)
    with database.transaction() as session:
        page = job_lists.page(session, which, older_than=older, size=query.limit)
    place = None
    if page.older:
        at_, id_ = page.older
        place = cursors.written(cursors.moment(at_), str(id_))
    return lists.told((Job.model_validate(_facts(*row)) for row in page.jobs), place)


def _started(job_id: UUID, *, started: bool) -> Response:
    shown = JobStarted(started=started, job=_read(job_id))
    if not started:
        return told(shown)
    return told(shown, 201, Location=url_for("jobs.one", job_id=job_id))


def _read(job_id: UUID) -> Job:
    with database.transaction() as session:
        return Job.model_validate(_facts(*history.one(session, job_id)))


def _facts(job: ScrapingJob, target: ScrapingTarget) -> dict[str, Any]:
    own = {name: getattr(job, name) for name in Job.model_fields if name != "target"}
    return own | {"target": target}
