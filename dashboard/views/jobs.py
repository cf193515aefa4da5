"""Jobs: the list, one job and its log, and what a person may ask of it."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import bulk, charts, deeds, job_filters, log_text, page_keys
from dashboard.gate import needs
from dashboard.returns import back
from orchestrator import database, sites
from orchestrator.exceptions import TargetNotFound
from orchestrator.ledger import (
    browsing,
    fields,
    findings,
    forecasts,
    held_changes,
    history,
    job_lists,
    judging,
    logs,
    progress,
    targets,
    waiting,
)
from orchestrator.ledger.job_lists import JobPage, PageKey
from orchestrator.ledger.models import JobStatus, Role, Trigger

blueprint = Blueprint("jobs", __name__)


@blueprint.get("/jobs")
def index() -> ResponseReturnValue:
    chosen, older, newer = job_filters.chosen(), _place("older"), _place("newer")
    with database.reading() as session:
        names = job_lists.target_names(session)
        try:
            target = targets.find(session, chosen.target) if chosen.target else None
        except TargetNotFound:
            return render_template("jobs.html", page=_NONE, names=names, chosen=chosen), 404
        which = chosen.filter(target.id if target else None)
        page = job_lists.listed(session, which, older_than=older, newer_than=newer)
        pending = [job for job, _ in page.jobs if job.status is JobStatus.PENDING]
        reasons = waiting.reasons(session, pending) if pending else {}
    moves = any(job.status in _MOVING for job, _ in page.jobs)
    shown = {"page": page, "reasons": reasons, "moves": moves}
    return render_template("jobs.html", names=names, chosen=chosen, **shown)


@blueprint.get("/jobs/<uuid:job_id>")
def one(job_id: UUID) -> ResponseReturnValue:
    which, before = job_filters.lines()
    site_wait = sites.wait_of(job_id)
    with database.transaction() as session:
        job, target = history.one(session, job_id)
        running, pending = job.status is JobStatus.RUNNING, job.status is JobStatus.PENDING
        steps = progress.steps(session, job)
        parts: dict[str, Any] = {
            "waiting": waiting.why(session, job) if pending else None,
            "site_wait": site_wait,
            "speed": forecasts.speeds(session, [job_id]).get(job_id) if running else None,
            "habit": forecasts.habits_of(session, [target.id]).get(target.id) if running else None,
            "expected_end": forecasts.expected_end(session, job) if running else None,
            "job_before": history.job_before(session, job) if job.status.is_final else None,
            "log": logs.page(session, job_id, which, older_than=before),
            **_judgement(session, job_id),
            "held": held_changes.of_job(session, job_id) if job.publication else None,
            "items": browsing.of_job(session, job_id),
            "fields": fields.of_job(session, job),
            "given_up": history.given_up_pages(session, job_id, after=_key("given_up")),
            "rejected": history.rejected(session, job_id, after=_key("rejected")),
            "attempts": history.attempts(session, job_id),
            "chart": charts.of([(step.began_at, step.pages_per_second) for step in steps]),
        }
    return render_template("job.html", job=job, target=target, which=which, before=before, **parts)


def _judgement(session: Any, job_id: UUID) -> dict[str, Any]:
    if (judgement := judging.of_job(session, job_id)) is None:
        return {}
    sentences = [findings.sentence(each) for each in judgement.findings]
    compared = judging.compared(session, judgement)
    return {"judgement": judgement, "sentences": sentences, "compared": compared}


@blueprint.get("/jobs/<uuid:job_id>/log.txt")
def log_file(job_id: UUID) -> ResponseReturnValue:
    """As it is read: a log may be larger than this process should hold."""
    which, _ = job_filters.lines()
    with database.transaction() as session:
        job, target = history.one(session, job_id)
    name = f"{target.name}-{job.queued_at:%Y-%m-%d-%H%M}.log.txt"
    answer = Response(log_text.written(job_id, which), mimetype="text/plain")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@blueprint.post("/jobs/bulk")
@needs(Role.OPERATOR)
def ask_many() -> ResponseReturnValue:
    verb, job_ids = bulk.verb(), bulk.chosen()
    flash(bulk.ask(verb, job_ids), f"bulk_{verb}")  # type: ignore[arg-type]  # told in a template
    return back("jobs.index")


@blueprint.post("/jobs/<uuid:job_id>/cancel")
@needs(Role.OPERATOR)
def cancel(job_id: UUID) -> ResponseReturnValue:
    ended = deeds.cancel(job_id)
    flash(str(job_id), "cancelled" if ended.status.is_final else "cancelling")
    return back("jobs.one", job_id=job_id)


@blueprint.post("/jobs/<uuid:job_id>/pause")
@needs(Role.OPERATOR)
def pause(job_id: UUID) -> ResponseReturnValue:
    ended = deeds.pause(job_id)
    flash(str(job_id), "pausing" if ended.status is JobStatus.RUNNING else "paused")
    return back("jobs.one", job_id=job_id)


@blueprint.post("/jobs/<uuid:job_id>/resume")
@needs(Role.OPERATOR)
def resume(job_id: UUID) -> ResponseReturnValue:
    deeds.resume(job_id)
    flash(str(job_id), "resumed")
    return back("jobs.one", job_id=job_id)


@blueprint.post("/jobs/<uuid:job_id>/retry")
@needs(Role.OPERATOR)
def retry(job_id: UUID) -> ResponseReturnValue:
    """Goes to the new job, which is what the person wants to see next."""
    answer = deeds.retry(job_id, Trigger.DASHBOARD)
    flash(str(answer.job_id), "started" if answer.started else "already")
    return redirect(url_for("jobs.one", job_id=answer.job_id), 303)


_NONE: JobPage[Any] = JobPage((), None, None)
#: A list with one of these is asked for again by itself.
_MOVING = (JobStatus.PENDING, JobStatus.RUNNING)


def _place(name: str) -> PageKey | None:
    text = request.args.get(name)
    return page_keys.decode(text) if text else None


def _key(name: str) -> bytes:
    """A place in one of a job's own lists; of no use, it is the beginning."""
    try:
        return bytes.fromhex(request.args.get(name, "")[:128])
    except ValueError:
        return b""
