"""Drawings: parts of a page that are drawn once and shown again as long as they say the same.

More than half of a long list's time went into rows that the last reader had been shown alike. A
macro that is drawn by `once` shows what it is handed and nothing else of the page, so all that
could make it look different is in the key: its arguments, and the reader's language and zone.
Whatever changes is another drawing. None of them may hold a token, a name of the reader, or `now`.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from flask import Flask, request
from flask_babel import get_timezone
from jinja2.runtime import Macro
from markupsafe import Markup

from dashboard import languages, times
from orchestrator.ledger.job_lists import JobPage, ListedJob, ListedTarget
from orchestrator.ledger.models import JobStatus, ScrapingJob, ScrapingTarget, Verdict
from orchestrator.ledger.waiting import Reason
from orchestrator.shelf import Shelf

#: Letters; some thousand rows of lists.
_ROOM = 8_000_000


def attach(app: Flask) -> None:
    shelf: Shelf[Hashable, Markup] = Shelf(_ROOM, len)

    def once(macro: Macro, *shown: Hashable) -> Markup:
        """What the macro draws of these values; the same ones are drawn once."""
        return drawn(macro, [shown])

    def drawn(macro: Macro, rows: Iterable[tuple[Hashable, ...]]) -> Markup:
        """What it draws of each of them, one after the other."""
        # Where an app is mounted is part of its addresses.
        drawing = macro.name, languages.here(), str(get_timezone()), request.root_path
        each = [
            shelf.get((drawing, shown)) or shelf.put((drawing, shown), Markup(macro(*shown)))  # noqa: S704  # a macro escapes
            for shown in rows
        ]
        return Markup("".join(each))  # noqa: S704  # of drawings, each of which is markup

    app.jinja_env.globals.update(once=once, drawn=drawn)
    app.jinja_env.filters.update(shown_job=shown_job, shown_target=shown_target, job_rows=job_rows)


def job_rows(
    page: JobPage[tuple[ListedJob, ListedTarget]],
    now: datetime,
    why: Callable[[Reason, ListedJob], str],
    reasons: Mapping[UUID, Reason],
    *looks: bool,
) -> Iterator[tuple[Hashable, ...]]:
    """What is drawn of each row of a list of jobs; what it shows beside the job comes as words."""
    for job, target in page.jobs:
        since = None if job.completed_at else job.started_at
        so_far = times.duration(now - since) if since else ""
        waits = why(reasons[job.id], job) if job.id in reasons else ""
        yield job, target, times.ago(job.queued_at, now), so_far, waits, *looks


class ShownJob(NamedTuple):
    """All that a row of a list shows of a job itself."""

    id: UUID
    status: JobStatus
    started_at: datetime | None
    completed_at: datetime | None
    queued_at: datetime
    items_scraped: int
    items_new: int
    items_changed: int
    items_gone: int
    items_back: int
    pages: int
    errors: int
    verdict: Verdict | None


class ShownTarget(NamedTuple):
    """All that a row of a list shows of a target itself."""

    id: int
    name: str
    deleted_at: datetime | None
    spider: str
    tags: tuple[str, ...]
    active: bool


_of_job = attrgetter(*ShownJob._fields)


def shown_job(job: ScrapingJob) -> ShownJob:
    return ShownJob(*_of_job(job))


def shown_target(target: ScrapingTarget) -> ShownTarget:
    return ShownTarget(
        target.id,
        target.name,
        target.deleted_at,
        target.spider,
        tuple(target.tags),
        target.active,
    )
