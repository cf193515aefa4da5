"""What Scrapyd says of a job: its state, times of its own clock, where its files are."""

import re
from datetime import datetime, timedelta
from importlib.metadata import version
from urllib.parse import quote

from flask import request

from orchestrator import config
from orchestrator.exceptions import NotFound
from orchestrator.ledger.models import JobStatus
from orchestrator.ledger.scrapyd_jobs import ClientJob

#: The only project there is: this installation.
PROJECT = "kumo"
_STATES = {
    JobStatus.PENDING: "pending",
    JobStatus.PAUSED: "pending",
    JobStatus.RUNNING: "running",
}
#: Any other text in that header could lead somewhere else.
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)+")


def our_version() -> str:
    return version("kumo")


def check_project(project: str) -> None:
    """Raises NotFound."""
    if project != PROJECT:
        raise NotFound(f"project '{project[:200]}' not found")


def check_version(wanted: str | None) -> None:
    """Raises NotFound for another version than ours; none is ours."""
    if wanted and wanted != our_version():
        raise NotFound(f"version '{wanted[:200]}' not found")


def state(status: JobStatus) -> str:
    return _STATES.get(status, "finished")


def moment(at: datetime | None) -> str:
    """By the installation's clock, without its zone."""
    return str(_local(at)) if at else ""


def second(at: datetime | None) -> str:
    return str(_local(at))[:19] if at else ""


def runtime(job: ClientJob, now: datetime) -> str:
    """How long since it began, as 26:00:05."""
    if job.started_at is None:
        return ""
    return hours((job.completed_at or now) - job.started_at)


def hours(span: timedelta) -> str:
    minutes, seconds = divmod(max(0, int(span.total_seconds())), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"


def log_url(job: ClientJob) -> str | None:
    """None when there is no such file."""
    return _file("logs", job, "log") if job.started_at else None


def items_url(job: ClientJob) -> str | None:
    return _file("items", job, "jl") if job.items else None


def prefix() -> str:
    """The path under which a proxy shows this app."""
    said = request.headers.get("X-Forwarded-Prefix", "").rstrip("/")
    return said if _PREFIX.fullmatch(said) and len(said) <= 200 else ""


def path(*parts: str) -> str:
    return "".join(f"/{quote(part, safe='')}" for part in parts)


def _file(kind: str, job: ClientJob, ending: str) -> str:
    return path(kind, PROJECT, job.spider, f"{job.jobid}.{ending}")


def _local(at: datetime) -> datetime:
    return at.astimezone(config.get().zone).replace(tzinfo=None)
