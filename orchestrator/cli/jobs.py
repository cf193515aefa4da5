"""`kumo jobs`: what became of what was asked for, and a word in it while it goes on."""

import socket
import uuid
from datetime import datetime
from typing import Any

import click

from orchestrator import database
from orchestrator.cli import printing
from orchestrator.cli.run import announce
from orchestrator.ledger import crawls, history, job_lists, logs, targets
from orchestrator.ledger.job_lists import JobFilter
from orchestrator.ledger.jobs import Ended
from orchestrator.ledger.models import (
    Crawl,
    JobLogLine,
    JobStatus,
    Publication,
    ScrapingJob,
    ScrapingTarget,
    Trigger,
)

_HEADERS = (
    "JOB ID", "TARGET", "STATUS", "TRIGGER", "QUEUED", "ENDED", "PAGES", "ITEMS", "NEW", "CHANGED",
    "ERRORS",
)  # fmt: skip

_LEVELS = {20: "INFO", 30: "WARNING", 40: "ERROR", 50: "CRITICAL"}


@click.group()
def jobs() -> None:
    """What became of what was asked for."""


@jobs.command("list")
@click.option("--target", help="Only of this target, by name or id.")
@click.option("--status", type=click.Choice([status.value for status in JobStatus]))
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True)
@printing.json_option
def list_(target: str | None, status: str | None, *, limit: int, as_json: bool) -> None:
    """List jobs, newest first."""
    with database.transaction() as session:
        which = JobFilter(
            targets.find(session, target).id if target else None,
            (JobStatus(status),) if status else (),
        )
        # A command may take its time, where a page may not.
        found = job_lists.page(session, which, size=limit, look=1_000_000).jobs
    if as_json:
        printing.as_json([_listed(job, target) for job, target in found])
    elif not found:
        click.echo("No jobs here yet; `kumo run TARGET` starts one.")
    else:
        printing.table(_HEADERS, [_row(job, target) for job, target in found])


@jobs.command()
@click.argument("job_id", type=click.UUID)
@click.option("--log", "most", type=click.IntRange(0, 10_000), default=20, show_default=True,
              help="How many of its last log lines to show.")  # fmt: skip
@printing.json_option
def show(job_id: uuid.UUID, *, most: int, as_json: bool) -> None:
    """Show how a job stands: how it ended and why, its counts, its log."""
    with database.transaction() as session:
        job, target = history.one(session, job_id)
        log = logs.last(session, job_id, most=most)
        served = crawls.of_job(session, job_id)
    if as_json:
        served_by = [_crawl(each) for each in served]
        more = {"definition": job.definition, "stats": job.stats, "crawls": served_by}
        printing.as_json(_listed(job, target) | more)
        return
    workers = ", ".join(dict.fromkeys(each.worker for each in served))
    printing.pairs([*_facts(job, target), *([("Workers", workers)] if workers else [])])
    for line in log:
        click.echo(_logged(line))


@jobs.command()
@click.argument("job_id", type=click.UUID)
@printing.json_option
def cancel(job_id: uuid.UUID, *, as_json: bool) -> None:
    """End a job for good; the items it has recorded are kept."""
    from orchestrator import triggers

    _answer(triggers.cancel(job_id), running="ends after the pages in flight", as_json=as_json)


@jobs.command()
@click.argument("job_id", type=click.UUID)
@printing.json_option
def pause(job_id: uuid.UUID, *, as_json: bool) -> None:
    """Hold a job; it goes on from there when it is resumed."""
    from orchestrator import triggers

    _answer(triggers.pause(job_id), running="pauses after the pages in flight", as_json=as_json)


@jobs.command()
@click.argument("job_id", type=click.UUID)
@printing.json_option
def resume(job_id: uuid.UUID, *, as_json: bool) -> None:
    """Let a paused job go on."""
    from orchestrator import triggers

    _answer(triggers.resume(job_id), running="goes on", as_json=as_json)


@jobs.command()
@click.argument("job_id", type=click.UUID)
@printing.json_option
def retry(job_id: uuid.UUID, *, as_json: bool) -> None:
    """Start a new job for the target of one that ended."""
    from orchestrator import triggers

    answer = triggers.retry(job_id, Trigger.CLI)
    if as_json:
        printing.as_json({"id": answer.job_id, "status": answer.status})
    else:
        announce(answer)


@jobs.command()
@click.argument("job_id", type=click.UUID)
@printing.json_option
def accept(job_id: uuid.UUID, *, as_json: bool) -> None:
    """Make what is held back of a job the current data."""
    from orchestrator import triggers

    triggers.accept(job_id, _who())
    _decided(job_id, Publication.ACCEPTED, as_json=as_json)


@jobs.command()
@click.argument("job_id", type=click.UUID)
@printing.json_option
def discard(job_id: uuid.UUID, *, as_json: bool) -> None:
    """Leave what is held back of a job aside."""
    from orchestrator import triggers

    triggers.discard(job_id, _who())
    _decided(job_id, Publication.DISCARDED, as_json=as_json)


@jobs.command()
@click.argument("job_id", type=click.UUID)
@printing.json_option
def undo(job_id: uuid.UUID, *, as_json: bool) -> None:
    """Hold back again what was accepted or discarded."""
    from orchestrator import triggers

    triggers.undo(job_id, _who())
    _decided(job_id, Publication.HELD, as_json=as_json)


def _decided(job_id: uuid.UUID, publication: Publication, *, as_json: bool) -> None:
    if as_json:
        printing.as_json({"id": job_id, "publication": publication})
    else:
        click.echo(f"The changes of job {job_id} are {publication}.")


def _who() -> str:
    return f"kumo jobs on {socket.gethostname()}"


def _answer(ended: Ended, *, running: str, as_json: bool) -> None:
    """Says where the job stands now; a running one is only told what was asked of it."""
    if as_json:
        printing.as_json({"id": ended.job_id, "status": ended.status})
    elif ended.status is JobStatus.RUNNING:
        click.echo(f"Job {ended.job_id} {running}.")
    else:
        click.echo(f"Job {ended.job_id} is {ended.status}.")


def _row(job: ScrapingJob, target: ScrapingTarget) -> tuple[Any, ...]:
    return (
        job.id, target.name, job.status, job.trigger, job.queued_at, job.completed_at, job.pages,
        job.items_scraped, job.items_new, job.items_changed, job.errors,
    )  # fmt: skip


def _listed(job: ScrapingJob, target: ScrapingTarget) -> dict[str, Any]:
    names = (
        "id", "status", "trigger", "priority", "due_at", "run_after", "attempt", "failures",
        "retry_of", "requested", "queued_at", "started_at", "completed_at", "finish_reason",
        "error_message", "items_scraped", "items_new", "items_changed", "items_gone", "items_back",
        "items_rejected", "pages", "errors", "bytes_received",
    )  # fmt: skip
    return {"target": target.name} | {name: getattr(job, name) for name in names}


def _facts(job: ScrapingJob, target: ScrapingTarget) -> list[tuple[str, Any]]:
    """In the order a person asks: how it ended and why, what it brought, when."""
    asked = f" ({job.requested} is asked for)" if job.requested else ""
    facts = [
        ("Job", job.id),
        ("Target", target.name),
        ("Status", f"{job.status}{asked}"),
        ("Reason", job.finish_reason),
        ("Its changes", job.publication and f"are {job.publication}"),
        ("Error", job.error_message),
        ("Items", _items(job)),
        ("Pages", job.pages),
        ("Errors", job.errors),
        ("Received", f"{job.bytes_received:,} bytes"),
        ("Attempts", job.attempt),
        ("Trigger", job.trigger),
        ("Queued", job.queued_at),
        ("Started", job.started_at),
        ("Ended", job.completed_at),
        ("Took", _took(job.started_at, job.completed_at)),
        ("Retry of", job.retry_of),
    ]  # fmt: skip
    return [(name, value) for name, value in facts if value is not None]


def _crawl(crawl: Crawl) -> dict[str, Any]:
    return {
        "attempt": crawl.attempt,
        "number": crawl.number,
        "worker": crawl.worker,
        "outcome": crawl.outcome,
    }


def _items(job: ScrapingJob) -> str:
    parts = (
        f"{job.items_new:,} new",
        f"{job.items_changed:,} changed",
        f"{job.items_gone:,} gone",
        f"{job.items_back:,} back",
        f"{job.items_rejected:,} rejected",
    )
    return f"{job.items_scraped:,} ({', '.join(parts)})"


def _took(started_at: datetime | None, ended_at: datetime | None) -> str | None:
    if started_at is None or ended_at is None:
        return None
    return f"{(ended_at - started_at).total_seconds():,.1f} s"


def _logged(line: JobLogLine) -> str:
    level = _LEVELS.get(line.level, str(line.level))
    return f"{printing.lines(line.logged_at)} {level} {printing.lines(line.message)}"
