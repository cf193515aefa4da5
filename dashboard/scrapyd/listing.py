"""What there is: projects, versions, spiders and jobs, in Scrapyd's words."""

from collections.abc import Mapping
from typing import Any

from dashboard.scrapyd import words
from dashboard.scrapyd.parameters import Parameters
from orchestrator import database
from orchestrator.ledger import scrapyd_jobs
from orchestrator.ledger.scrapyd_jobs import ClientJob

Found = Mapping[str, Any]


def daemonstatus(_: Parameters) -> Found:
    with database.transaction() as session:
        pending, running, finished = scrapyd_jobs.counts(session)
    return {"pending": pending, "running": running, "finished": finished}


def status(given: Parameters) -> Found:
    jobid, project = given.required("job"), given.optional("project")
    words.check_project(project or words.PROJECT)
    with database.transaction() as session:
        job = scrapyd_jobs.find(session, jobid)
    return {"currstate": words.state(job.status) if job else None}


def listprojects(_: Parameters) -> Found:
    return {"projects": [words.PROJECT]}


def listversions(given: Parameters) -> Found:
    known = given.required("project") == words.PROJECT
    return {"versions": [words.our_version()] if known else []}


def listspiders(given: Parameters) -> Found:
    project, wanted = given.required("project"), given.optional("_version")
    words.check_project(project)
    words.check_version(wanted)
    with database.transaction() as session:
        return {"spiders": scrapyd_jobs.spiders(session)}


def listjobs(given: Parameters) -> Found:
    words.check_project(given.optional("project") or words.PROJECT)
    with database.transaction() as session:
        pending = scrapyd_jobs.pending(session)
        running = scrapyd_jobs.running(session)
        finished = scrapyd_jobs.finished(session)
    return {
        "pending": list(map(_pending, pending)),
        "running": list(map(_running, running)),
        "finished": list(map(_finished, finished)),
    }


def _named(job: ClientJob) -> dict[str, Any]:
    return {"id": job.jobid, "project": words.PROJECT, "spider": job.spider}


def _pending(job: ClientJob) -> dict[str, Any]:
    return {
        **_named(job),
        "version": None,
        "settings": _as_text(job.settings),
        "args": _as_text(job.arguments),
    }


def _running(job: ClientJob) -> dict[str, Any]:
    start = words.moment(job.started_at)
    return {**_named(job), "pid": job.pid or 0, "start_time": start, **_files(job)}


def _finished(job: ClientJob) -> dict[str, Any]:
    # One that was cancelled while it waited never began.
    start = words.moment(job.started_at or job.completed_at)
    end = words.moment(job.completed_at)
    return {**_named(job), "start_time": start, "end_time": end, **_files(job)}


def _files(job: ClientJob) -> dict[str, str | None]:
    return {"log_url": words.log_url(job), "items_url": words.items_url(job)}


def _as_text(values: Mapping[str, Any] | None) -> dict[str, str]:
    return {name: str(value) for name, value in (values or {}).items()}
