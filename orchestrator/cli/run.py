"""`kumo run`: starts a job for a target, and waits for its end when asked to.

Waiting watches the job's row and nothing else: it ends the same way whether the job was served
here, on another machine, or by somebody typing `scrapy crawl`.
"""

import signal
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

import click

from orchestrator import config, database
from orchestrator.cli import printing
from orchestrator.exceptions import DatabaseAway
from orchestrator.ledger import history
from orchestrator.ledger.models import JobStatus, ScrapingJob, Trigger
from orchestrator.ledger.requests import Answer

_LOOK_SECONDS = 0.5
#: As a shell tells of a command that Ctrl-C ended.
_INTERRUPTED = 130


@click.command()
@click.argument("target")
@click.option("--wait", is_flag=True, help="Wait for the end; exit status 0 only if it completed.")
@click.option("--urgent", is_flag=True, help="Go before every job that waits.")
@printing.json_option
def run(target: str, *, wait: bool, urgent: bool, as_json: bool) -> None:
    """Start a job for TARGET, given by name or id.

    A target has one active job at a time: while there is one, that one is named.
    """
    # Brings Celery along.
    from orchestrator import triggers

    answer = triggers.request(target, Trigger.CLI, priority=0 if urgent else None)
    click.get_current_context().exit(_told(answer, wait=wait, as_json=as_json))


def announce(answer: Answer) -> None:
    """Says which job was started, or which one is there already."""
    began = "Started" if answer.started else f"Already {answer.status}"
    click.echo(f"{began}. Job ID: {answer.job_id}")
    if answer.starts_at:
        when = printing.lines(answer.starts_at)
        click.echo(f"Its window is closed; it starts at {when} (`--urgent` does not mind).")


def _told(answer: Answer, *, wait: bool, as_json: bool) -> int:
    """Tells what was started and, when it is waited for, how it ended; gives the exit status."""
    try:
        with _ctrl_c() as pressed:
            if not as_json:
                announce(answer)
            elif not wait:
                printing.as_json({"id": answer.job_id, "status": answer.status})
            return _waited(answer.job_id, pressed, as_json=as_json) if wait else 0
    except KeyboardInterrupt:
        goes_on = f"Job {answer.job_id} goes on; `kumo jobs cancel {answer.job_id}` ends it."
        click.echo(f"\n{goes_on}", err=True)
        return _INTERRUPTED


@contextmanager
def _ctrl_c() -> Iterator[Event]:
    """Ctrl-C as a fact to look at: as an exception it is lost when it meets a destructor."""
    pressed = Event()
    before = signal.signal(signal.SIGINT, lambda *_: pressed.set())
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


def _waited(job_id: uuid.UUID, pressed: Event, *, as_json: bool) -> int:
    job = _ended(job_id, pressed)
    if as_json:
        printing.as_json({"id": job.id, "status": job.status})
    else:
        click.echo(summary(job))
    return 0 if job.status is JobStatus.COMPLETED else 1


def _ended(job_id: uuid.UUID, pressed: Event) -> ScrapingJob:
    """The job's row once it is final; a database that is away for a while is waited for."""
    hints = _Hints(job_id)
    while True:
        try:
            with database.transaction() as session:
                job, _ = history.one(session, job_id)
            if job.status.is_final:
                return job
            hints.waiting(job)
        except DatabaseAway as error:
            hints.once(f"{error} Waiting for it.")
        if pressed.wait(_LOOK_SECONDS):
            raise KeyboardInterrupt


def summary(job: ScrapingJob) -> str:
    """How a job ended, in a line or two."""
    counts = (
        f"{job.items_scraped:,} items ({job.items_new:,} new, {job.items_changed:,} changed)"
        f" from {job.pages:,} pages"
    )
    why = f"\n{printing.lines(job.error_message)}" if job.error_message else ""
    return f"The job is {job.status}: {counts}.{why}"


class _Hints:
    """What is worth telling somebody who waits, each thing once."""

    def __init__(self, job_id: uuid.UUID) -> None:
        self._job_id = job_id
        self._told: set[str] = set()
        # A free worker takes a job at once; after two sweeps nobody is there, or all are busy.
        self._impatient_at = time.monotonic() + 2 * config.get().sweep_seconds

    def once(self, sentence: str) -> None:
        if sentence not in self._told:
            self._told.add(sentence)
            click.echo(sentence, err=True)

    def waiting(self, job: ScrapingJob) -> None:
        if job.status is JobStatus.PAUSED:
            self.once(f"The job is paused; `kumo jobs resume {self._job_id}` lets it go on.")
        elif job.attempt == 0 and time.monotonic() > self._impatient_at:
            self.once("No worker has taken the job yet; `kumo doctor` tells whether one is there.")
