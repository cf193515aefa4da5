"""Jobs as people look at them: lists, one job, its log, its items.

Lists are paged by key, never by offset: page one thousand costs what page one does.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Row,
    ScalarSelect,
    Select,
    Text,
    case,
    column,
    func,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session, defer

from orchestrator.exceptions import JobNotFound
from orchestrator.ledger.models import (
    JobLogLine,
    JobStatus,
    RejectedItem,
    ScrapedItem,
    ScrapingJob,
    ScrapingTarget,
)

_PREVIEW_FIELDS, _PREVIEW_LETTERS = 30, 300

#: A place in the list of jobs, newest first.
PageKey = tuple[datetime, uuid.UUID]


@dataclass(frozen=True, slots=True)
class JobPage:
    """A page of jobs with their targets, and the keys of the pages beside it."""

    jobs: Sequence[Row[ScrapingJob, ScrapingTarget]]
    older: PageKey | None
    newer: PageKey | None


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs a list shows."""

    target_id: int | None = None
    status: JobStatus | None = None


@dataclass(frozen=True, slots=True)
class ItemPreview:
    """An item as a table shows it: its first fields, long ones as the beginning of their text."""

    id: int
    key: str
    changed_at: datetime
    data: dict[str, Any]


def page(
    session: Session,
    which: JobFilter,
    *,
    older_than: PageKey | None = None,
    newer_than: PageKey | None = None,
    size: int = 50,
) -> JobPage:
    """Jobs newest first; without keys the newest ones."""
    key = tuple_(ScrapingJob.queued_at, ScrapingJob.id)
    query = _listed(which)
    if newer_than:
        query = query.where(key > tuple_(*newer_than)).order_by(
            ScrapingJob.queued_at, ScrapingJob.id
        )
    else:
        query = query.where(key < tuple_(*older_than)) if older_than else query
        query = query.order_by(ScrapingJob.queued_at.desc(), ScrapingJob.id.desc())
    rows = list(session.execute(query.limit(size + 1)))
    more = len(rows) > size
    rows = rows[:size]
    if newer_than:
        rows.reverse()
    has_older, has_newer = (bool(rows), more) if newer_than else (more, older_than is not None)
    return JobPage(
        rows,
        older=_key(rows[-1]) if rows and has_older else None,
        newer=_key(rows[0]) if rows and has_newer else None,
    )


def one(session: Session, job_id: uuid.UUID) -> tuple[ScrapingJob, ScrapingTarget]:
    """A job and its target, deleted or not. Raises JobNotFound."""
    row = session.execute(
        select(ScrapingJob, ScrapingTarget)
        .join(ScrapingTarget, ScrapingTarget.id == ScrapingJob.target_id)
        .where(ScrapingJob.id == job_id)
    ).one_or_none()
    if row is None:
        raise JobNotFound(f"There is no job {job_id}.")
    return row[0], row[1]


def targets_with_last_job(
    session: Session,
) -> Sequence[Row[ScrapingTarget, ScrapingJob]]:
    """The living targets by name, each with its newest job."""
    newest = (
        select(ScrapingJob.id)
        .where(ScrapingJob.target_id == ScrapingTarget.id)
        .order_by(ScrapingJob.queued_at.desc(), ScrapingJob.id.desc())
        .limit(1)
        .correlate(ScrapingTarget)
        .scalar_subquery()
    )
    return session.execute(
        select(ScrapingTarget, ScrapingJob)
        .outerjoin(ScrapingJob, ScrapingJob.id == newest)
        .where(ScrapingTarget.deleted_at.is_(None))
        .order_by(ScrapingTarget.name)
        .options(defer(ScrapingJob.stats), defer(ScrapingJob.definition))
    ).all()


def log(
    session: Session, job_id: uuid.UUID, *, least_level: int = 0, most: int = 200
) -> Sequence[JobLogLine]:
    """The last lines of a job's log, in the order they were written."""
    newest = session.scalars(
        select(JobLogLine)
        .where(JobLogLine.job_id == job_id, JobLogLine.level >= least_level)
        .order_by(JobLogLine.attempt.desc(), JobLogLine.seq.desc())
        .limit(most)
    ).all()
    return list(reversed(newest))


def item_previews(session: Session, job_id: uuid.UUID, *, most: int = 20) -> Sequence[ItemPreview]:
    """The first items whose latest sighting was in this job, their data cut to what a table shows.

    The cutting is the database's: an item may be megabytes, and a page shows many.
    """
    rows = session.execute(
        select(ScrapedItem.id, ScrapedItem.key, ScrapedItem.changed_at, _preview())
        .where(ScrapedItem.last_job_id == job_id)
        # Both, as the index has them: by id alone Postgres would walk the whole table.
        .order_by(ScrapedItem.last_job_id, ScrapedItem.id)
        .limit(most)
    )
    return [ItemPreview(*row) for row in rows]


def rejected(session: Session, job_id: uuid.UUID, *, most: int = 20) -> Sequence[RejectedItem]:
    """The first items of a job that could not be stored."""
    return session.scalars(
        select(RejectedItem)
        .where(RejectedItem.job_id == job_id)
        .order_by(RejectedItem.id)
        .limit(most)
    ).all()


def target_names(session: Session) -> Sequence[str]:
    """The names of the living targets."""
    return session.scalars(
        select(ScrapingTarget.name)
        .where(ScrapingTarget.deleted_at.is_(None))
        .order_by(ScrapingTarget.name)
    ).all()


def _preview() -> ScalarSelect[dict[str, Any]]:
    fields = (
        func.jsonb_each(ScrapedItem.data)
        .table_valued(column("name", Text), column("value", JSONB))
        .render_derived()
    )
    first = select(fields.c.name, fields.c.value).limit(_PREVIEW_FIELDS).correlate(ScrapedItem)
    few = first.subquery()
    text = few.c.value.op("#>>", return_type=Text())("{}")
    cut = func.to_jsonb(func.left(text, _PREVIEW_LETTERS))
    value = case((func.length(text) > _PREVIEW_LETTERS, cut), else_=few.c.value)
    return select(func.jsonb_object_agg(few.c.name, value)).scalar_subquery()


def _listed(which: JobFilter) -> Select[ScrapingJob, ScrapingTarget]:
    query = (
        select(ScrapingJob, ScrapingTarget)
        .join(ScrapingTarget, ScrapingTarget.id == ScrapingJob.target_id)
        # A list shows neither, and both can be large.
        .options(defer(ScrapingJob.stats), defer(ScrapingJob.definition))
    )
    if which.target_id is not None:
        query = query.where(ScrapingJob.target_id == which.target_id)
    if which.status is not None:
        query = query.where(ScrapingJob.status == which.status)
    return query


def _key(row: Row[ScrapingJob, ScrapingTarget]) -> PageKey:
    job = row[0]
    return job.queued_at, job.id
