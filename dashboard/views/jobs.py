"""Jobs: the list, one job, and what a person may ask of it."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import audit, page_keys
from dashboard.gate import needs
from dashboard.returns import back
from orchestrator import database, triggers
from orchestrator.exceptions import Invalid
from orchestrator.ledger import crawls, history, targets
from orchestrator.ledger.history import JobFilter, PageKey
from orchestrator.ledger.models import JobStatus, Role, Trigger

blueprint = Blueprint("jobs", __name__)


@blueprint.get("/jobs")
def index() -> ResponseReturnValue:
    name, status, older, newer = _target(), _status(), _place("older"), _place("newer")
    with database.transaction() as session:
        target = targets.find(session, name) if name else None
        which = JobFilter(target.id if target else None, status)
        page = history.page(session, which, older_than=older, newer_than=newer)
        names = history.target_names(session)
    return render_template("jobs.html", page=page, names=names, target=target, status=status)


@blueprint.get("/jobs/<uuid:job_id>")
def one(job_id: UUID) -> ResponseReturnValue:
    with database.transaction() as session:
        job, target = history.one(session, job_id)
        parts = {
            "log": history.log(session, job_id),
            "items": history.item_previews(session, job_id),
            "rejected": history.rejected(session, job_id),
            "attempts": crawls.of_job(session, job_id),
        }
    return render_template("job.html", job=job, target=target, **parts)


@blueprint.post("/jobs/<uuid:job_id>/cancel")
@needs(Role.OPERATOR)
def cancel(job_id: UUID) -> ResponseReturnValue:
    ended = triggers.cancel(job_id)
    flash(str(job_id), "cancelled" if ended.status.is_final else "cancelling")
    audit.note("job.cancel", job_id)
    return back("jobs.one", job_id=job_id)


@blueprint.post("/jobs/<uuid:job_id>/pause")
@needs(Role.OPERATOR)
def pause(job_id: UUID) -> ResponseReturnValue:
    ended = triggers.pause(job_id)
    flash(str(job_id), "pausing" if ended.status is JobStatus.RUNNING else "paused")
    audit.note("job.pause", job_id)
    return back("jobs.one", job_id=job_id)


@blueprint.post("/jobs/<uuid:job_id>/resume")
@needs(Role.OPERATOR)
def resume(job_id: UUID) -> ResponseReturnValue:
    triggers.resume(job_id)
    flash(str(job_id), "resumed")
    audit.note("job.resume", job_id)
    return back("jobs.one", job_id=job_id)


@blueprint.post("/jobs/<uuid:job_id>/retry")
@needs(Role.OPERATOR)
def retry(job_id: UUID) -> ResponseReturnValue:
    """Goes to the new job, which is what the person wants to see next."""
    answer = triggers.retry(job_id, Trigger.DASHBOARD)
    flash(str(answer.job_id), "started" if answer.started else "already")
    audit.note("job.retry", job_id, job_id=str(answer.job_id))
    return redirect(url_for("jobs.one", job_id=answer.job_id), 303)


def _target() -> str | None:
    return request.args.get("target") or None


def _status() -> JobStatus | None:
    word = request.args.get("status")
    if not word:
        return None
    try:
        return JobStatus(word)
    except ValueError as error:
        raise Invalid(f"A job is never {word[:40]!r}; it is {', '.join(JobStatus)}.") from error


def _place(name: str) -> PageKey | None:
    text = request.args.get(name)
    return page_keys.decode(text) if text else None
