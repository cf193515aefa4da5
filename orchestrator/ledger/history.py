"""Jobs as people look at them: lists, one job, its items, what it could not take.

Lists are paged by key, never by offset: page one thousand costs what page one does. A filter that
no index serves is held against so many jobs a page and no more; then the list says how far it has
looked, and the next page looks further.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    Subquery,
    func,
    literal,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session, defer

from orchestrator.exceptions import JobNotFound
from orchestrator.ledger.models import (
    ChargedPage,
    Crawl,
    JobStatus,
    RejectedItem,
    ScrapingJob,
    ScrapingTarget,
    Trigger,
    Verdict,
)

#: So many jobs are held against what no index serves, a page.
MOST_LOOKED_AT = 3_000
_MOST_TEXT = 500

#: A place in the list of jobs, newest first.
PageKey = tuple[datetime, uuid.UUID]


@dataclass(frozen=True, slots=True)
class JobPage:
    """A page of jobs with their targets, and the keys of the pages beside it."""

    jobs: Sequence[Row[ScrapingJob, ScrapingTarget]]
    older: PageKey | None
    newer: PageKey | None
    #: The last job looked at, when the page ended there and not because it was full.
    looked_to: PageKey | None = None


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs a list shows: those that every condition fits."""

    target_id: int | None = None
    #: Any of these; empty = all.
    statuses: tuple[JobStatus, ...] = ()
    trigger: Trigger | None = None
    verdict: Verdict | None = None
    #: Requested at this moment or after it.
    since: datetime | None = None
    #: Requested before it.
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class TroubledRow:
    """A page that was given up or an item that was refused, in the list of its job."""

    #: Its place in the list.
    key: bytes
    #: The page's address, or the beginning of the item.
    what: str
    reason: str


def page(
    session: Session,
    which: JobFilter,
    *,
    older_than: PageKey | None = None,
    newer_than: PageKey | None = None,
    size: int = 50,
    look: int = MOST_LOOKED_AT,
) -> JobPage:
    """Jobs newest first; without keys the newest ones. `look` bounds what one page costs."""
    walk = _Walk(older_than=older_than, newer_than=newer_than)
    left = _unindexed(which)
    seen = _walked(which, walk, most=look if left else size + 1)
    rows = _rows(session, seen, left, walk=walk, most=size + 1)
    more, rows = len(rows) > size, rows[:size]
    looked_to = _end_of_look(session, seen, walk, look) if left and not more else None
    beyond = _key(rows[-1]) if more else looked_to
    before = _key(rows[0]) if rows else None
    if newer_than:
        rows.reverse()
        return JobPage(rows, older=before, newer=beyond, looked_to=looked_to)
    return JobPage(rows, beyond, newer=before if older_than else None, looked_to=looked_to)


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


def job_before(session: Session, job: ScrapingJob) -> ScrapingJob | None:
    """The last earlier job of its target that was completed, among the last hundred."""
    earlier = (
        select(ScrapingJob.id, ScrapingJob.queued_at, ScrapingJob.status)
        .where(
            ScrapingJob.target_id == job.target_id,
            _place() < tuple_(literal(job.queued_at), literal(job.id)),
        )
        .order_by(ScrapingJob.queued_at.desc(), ScrapingJob.id.desc())
        .limit(100)
        .subquery()
    )
    last = (
        select(earlier.c.id)
        .where(earlier.c.status == JobStatus.COMPLETED)
        .order_by(earlier.c.queued_at.desc(), earlier.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return session.scalar(select(ScrapingJob).where(ScrapingJob.id == last).options(*_LIGHT))


def attempts(session: Session, job_id: uuid.UUID, *, most: int = 50) -> Sequence[Crawl]:
    """The last crawls of a job, by attempt and number."""
    newest = session.scalars(
        select(Crawl)
        .where(Crawl.job_id == job_id)
        .order_by(Crawl.attempt.desc(), Crawl.number.desc())
        .limit(most)
    ).all()
    return newest[::-1]


def rejected(
    session: Session, job_id: uuid.UUID, *, after: bytes = b"", most: int = 20
) -> Sequence[TroubledRow]:
    """Items of a job that could not be stored, in the order of their index."""
    rows = session.execute(
        select(RejectedItem.content_hash, _cut(RejectedItem.excerpt), _cut(RejectedItem.reason))
        .where(RejectedItem.job_id == job_id, RejectedItem.content_hash > after)
        .order_by(RejectedItem.content_hash)
        .limit(most)
    )
    return [TroubledRow(*row) for row in rows]


def given_up_pages(
    session: Session, job_id: uuid.UUID, *, after: bytes = b"", most: int = 20
) -> Sequence[TroubledRow]:
    """Pages that a job went on without, in the order of their index."""
    rows = session.execute(
        select(ChargedPage.request_id, _cut(ChargedPage.url), _cut(ChargedPage.reason))
        .where(
            ChargedPage.job_id == job_id,
            ChargedPage.request_id > after,
            ChargedPage.given_up_at.is_not(None),
        )
        .order_by(ChargedPage.request_id)
        .limit(most)
    )
    return [TroubledRow(*row) for row in rows]


def target_names(session: Session) -> tuple[str, ...]:
    """The names of the living targets."""
    # As one value: every list of jobs asks for them.
    names = func.array_agg(aggregate_order_by(ScrapingTarget.name, ScrapingTarget.name))
    return tuple(session.scalar(select(names).where(ScrapingTarget.deleted_at.is_(None))) or ())


@dataclass(frozen=True, slots=True)
class _Walk:
    """From where, and in which direction, a list is read."""

    older_than: PageKey | None
    newer_than: PageKey | None

    def beyond(self) -> list[ColumnElement[bool]]:
        if self.newer_than:
            return [_place() > tuple_(*self.newer_than)]
        return [_place() < tuple_(*self.older_than)] if self.older_than else []

    def order(self, of: Any) -> list[ColumnElement[Any]]:
        if self.newer_than:
            return [of.queued_at, of.id]
        return [of.queued_at.desc(), of.id.desc()]


def _walked(which: JobFilter, walk: _Walk, *, most: int) -> Subquery:
    """The jobs that indexes lead to, in order: of a target, a verdict, statuses, or all."""
    within = walk.beyond()
    if which.since:
        within.append(ScrapingJob.queued_at >= which.since)
    if which.until:
        within.append(ScrapingJob.queued_at < which.until)
    if which.target_id is not None:
        return _first(walk, most, ScrapingJob.target_id == which.target_id, *within).subquery()
    if which.verdict is not None:
        return _first(walk, most, ScrapingJob.verdict == which.verdict, *within).subquery()
    if not which.statuses:
        return _first(walk, most, *within).subquery()
    # Each status in its index; one index for several would be read to its end.
    parts = [
        _first(walk, most, ScrapingJob.status == status, *within).subquery()
        for status in dict.fromkeys(which.statuses)
    ]
    if len(parts) == 1:
        return parts[0]
    both = union_all(*(select(part) for part in parts)).subquery()
    return select(both).order_by(*walk.order(both.c)).limit(most).subquery()


def _first(
    walk: _Walk, most: int, *where: ColumnElement[bool]
) -> Select[uuid.UUID, datetime, JobStatus, Trigger, Verdict | None]:
    columns = (
        ScrapingJob.id,
        ScrapingJob.queued_at,
        ScrapingJob.status,
        ScrapingJob.trigger,
        ScrapingJob.verdict,
    )
    return select(*columns).where(*where).order_by(*walk.order(ScrapingJob)).limit(most)


def _unindexed(which: JobFilter) -> list[tuple[str, Sequence[str]]]:
    """What remains to be held against each job that `_walked` gives, by column."""
    left: list[tuple[str, Sequence[str]]] = []
    of_target = which.target_id is not None
    if which.statuses and (of_target or which.verdict):
        left.append(("status", which.statuses))
    if which.verdict and of_target:
        left.append(("verdict", [which.verdict]))
    if which.trigger:
        left.append(("trigger", [which.trigger]))
    return left


def _rows(
    session: Session,
    seen: Subquery,
    left: Sequence[tuple[str, Sequence[str]]],
    *,
    walk: _Walk,
    most: int,
) -> list[Row[ScrapingJob, ScrapingTarget]]:
    fit = (
        select(seen.c.id)
        .where(*(seen.c[name].in_(words) for name, words in left))
        .order_by(*walk.order(seen.c))
        .limit(most)
        .subquery()
    )
    return list(
        session.execute(
            select(ScrapingJob, ScrapingTarget)
            .join(fit, fit.c.id == ScrapingJob.id)
            .join(ScrapingTarget, ScrapingTarget.id == ScrapingJob.target_id)
            .order_by(*walk.order(ScrapingJob))
            .options(*_LIGHT, *_LIGHT_TARGET)
        )
    )


def _end_of_look(session: Session, seen: Subquery, walk: _Walk, look: int) -> PageKey | None:
    """The last job that was looked at; None when there are no more."""
    last = select(seen.c.queued_at, seen.c.id).order_by(*walk.order(seen.c)).offset(look - 1)
    row = session.execute(last.limit(1)).one_or_none()
    return (row.queued_at, row.id) if row else None


#: A list shows neither, and both can be large.
_LIGHT = (defer(ScrapingJob.stats), defer(ScrapingJob.definition))
_LIGHT_TARGET = (
    defer(ScrapingTarget.start_urls),
    defer(ScrapingTarget.arguments),
    defer(ScrapingTarget.settings),
)


def _place() -> ColumnElement[Any]:
    return tuple_(ScrapingJob.queued_at, ScrapingJob.id)


def _cut(text: Any) -> ColumnElement[str]:
    return func.left(text, _MOST_TEXT)


def _key(row: Row[ScrapingJob, ScrapingTarget]) -> PageKey:
    job = row[0]
    return job.queued_at, job.id
