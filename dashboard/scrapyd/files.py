"""Folders and files, which nobody's disk holds: logs and items by spider and job."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote
from uuid import UUID

from flask import Blueprint, Response, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from dashboard.scrapyd import answers, logparser, texts, words
from orchestrator import database
from orchestrator.ledger import scrapyd_jobs, ticks
from orchestrator.ledger.scrapyd_jobs import ClientJob

blueprint = Blueprint("files", __name__)

_KIND = "<any(logs, items):kind>"


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of a folder."""

    name: str
    modified: str = ""
    kind: str = "[Directory]"
    #: Of what would have to be written to be measured: nothing.
    size: str = ""

    @property
    def href(self) -> str:
        return quote(self.name)


@dataclass(frozen=True, slots=True)
class Kind:
    """What is in one of the two trees."""

    ending: str
    write: Callable[[UUID], Iterator[bytes]]


_KINDS = {"logs": Kind("log", texts.log), "items": Kind("jl", texts.items)}


@blueprint.get(f"/{_KIND}")
@blueprint.get(f"/{_KIND}/<project>")
@blueprint.get(f"/{_KIND}/<project>/<spider>")
def into_folder(kind: str, project: str = "", spider: str = "") -> ResponseReturnValue:
    parts = [part for part in (kind, project, spider) if part]
    return redirect(f"{words.prefix()}{words.path(*parts)}/")


@blueprint.get(f"/{_KIND}/")
def projects(kind: str) -> ResponseReturnValue:
    return _folder([Entry(f"{words.PROJECT}/")])


@blueprint.get(f"/{_KIND}/<project>/")
def spiders(kind: str, project: str) -> ResponseReturnValue:
    words.check_project(project)
    with database.transaction() as session:
        names = scrapyd_jobs.names(session)
    return _folder(Entry(f"{name}/") for name in names)


@blueprint.get(f"/{_KIND}/<project>/<spider>/")
def jobs(kind: str, project: str, spider: str) -> ResponseReturnValue:
    words.check_project(project)
    with database.transaction() as session:
        found = scrapyd_jobs.of_spider(session, spider)
    wanted = [job for job in found if kind == "logs" or job.items]
    return _folder(_entry(job, _KINDS[kind].ending) for job in wanted)


@blueprint.get(f"/{_KIND}/<project>/<spider>/<file>")
def one(kind: str, project: str, spider: str, file: str) -> ResponseReturnValue:
    words.check_project(project)
    jobid, _, ending = file.rpartition(".")
    with database.transaction() as session:
        job, now = scrapyd_jobs.find(session, jobid), ticks.now(session)
        if job is None or (job.jobid, job.spider) != (jobid, spider) or not job.started_at:
            abort(404)
        if (kind, ending) == ("logs", "json"):
            return answers.as_json(logparser.of_job(session, job, now))
    if ending != _KINDS[kind].ending:
        abort(404)
    return texts.served(_KINDS[kind].write(job.id), modified=job.completed_at or now)


@blueprint.get("/logs/stats.json")
def stats() -> Response:
    with database.transaction() as session:
        known = [*scrapyd_jobs.running(session), *scrapyd_jobs.finished(session)]
        now = ticks.now(session)
    return answers.as_json(logparser.of_all(known, now))


def _entry(job: ClientJob, ending: str) -> Entry:
    modified = words.second(job.completed_at or job.started_at)[:-3]
    return Entry(f"{job.jobid}.{ending}", modified, "[text/plain]")


def _folder(entries: Iterable[Entry]) -> ResponseReturnValue:
    return render_template(
        "scrapyd/directory.html",
        path=request.path,
        entries=list(entries),
        prefix=words.prefix(),
    )
