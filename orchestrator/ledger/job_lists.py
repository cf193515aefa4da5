"""Lists of jobs, of all or of some.

They are paged by key, never by offset: page one thousand costs what page one does. A filter that
no index serves is held against so many jobs a page and no more; then the list says how far it has
looked, and the next page looks further.

Lists are what a dashboard shows most, and to build a query took longer than to run it: so one is
built for each shape that a list may have, and filled in.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    Subquery,
    bindparam,
    func,
    literal,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session, defer

from orchestrator.ledger import columns
from orchestrator.ledger.models import JobStatus, ScrapingJob, ScrapingTarget, Trigger, Verdict

#: So many jobs are held against what no index serves, a page.
MOST_LOOKED_AT = 3_000
#: A place in the list of jobs, newest first.
PageKey = tuple[datetime, uuid.UUID]


Pair = TypeVar("Pair")


class ListedJob(NamedTuple):
    """All that a row of a list shows or asks of a job itself."""

    id: uuid.UUID
    status: JobStatus
    queued_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    items_scraped: int
    items_new: int
    items_changed: int
    items_gone: int
    items_back: int
    pages: int
    errors: int
    verdict: Verdict | None
    #: What tells why it waits.
    attempt: int
    failures: int
    run_after: datetime
    rung_at: datetime | None


class ListedTarget(NamedTuple):
    """All that such a row shows of its target."""

    id: int
    name: str
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class JobPage(Generic[Pair]):
    """A page of jobs with their targets, and the keys of the pages beside it."""

    jobs: Sequence[Pair]
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


def page(
    session: Session,
    which: JobFilter,
    *,
    older_than: PageKey | None = None,
    newer_than: PageKey | None = None,
    size: int = 50,
    look: int = MOST_LOOKED_AT,
) -> JobPage[tuple[ScrapingJob, ScrapingTarget]]:
    """Jobs newest first; without keys the newest ones. `look` bounds what one page costs."""
    walk = _Walk(which, older_than, newer_than, size, look, whole=True)
    return _page(session, walk, _whole)


def listed(
    session: Session,
    which: JobFilter,
    *,
    older_than: PageKey | None = None,
    newer_than: PageKey | None = None,
    size: int = 50,
) -> JobPage[tuple[ListedJob, ListedTarget]]:
    """The same, of each as much as a list shows."""
    walk = _Walk(which, older_than, newer_than, size, MOST_LOOKED_AT, whole=False)
    return _page(session, walk, _parted)


def target_names(session: Session) -> tuple[str, ...]:
    """The names of the living targets."""
    return tuple((columns.read(session, _NAMES).scalar() or "").split())


@dataclass(frozen=True, slots=True)
class _Walk:
    """What a list is read for, from where, in which direction and how far."""

    which: JobFilter
    older_than: PageKey | None
    newer_than: PageKey | None
    size: int
    look: int
    #: Its rows are whole jobs and targets.
    whole: bool

    def shape(self) -> "_Shape":
        which = self.which
        return _Shape(
            of_target=which.target_id is not None,
            of_verdict=which.verdict is not None,
            of_trigger=which.trigger is not None,
            statuses=len(set(which.statuses)),
            since=which.since is not None,
            until=which.until is not None,
            towards=">" if self.newer_than else "<" if self.older_than else "",
            size=self.size,
            look=self.look,
            whole=self.whole,
        )

    def values(self) -> dict[str, Any]:
        """What is filled in where the shape leaves a place."""
        which, place = self.which, self.newer_than or self.older_than or (None, None)
        statuses = tuple(dict.fromkeys(which.statuses))
        return {
            "target_id": which.target_id,
            "verdict": which.verdict,
            "trigger": which.trigger,
            "since": which.since,
            "until": which.until,
            "place_at": place[0],
            "place_id": place[1],
            "statuses": statuses,
            **{f"status_{number}": status for number, status in enumerate(statuses)},
        }


class _Shape(NamedTuple):
    """Which places the query of a list has: all lists of a shape are asked for by one query."""

    of_target: bool
    of_verdict: bool
    of_trigger: bool
    statuses: int
    since: bool
    until: bool
    #: "<" towards older jobs, ">" towards newer ones, "" from the newest.
    towards: str
    size: int
    look: int
    whole: bool

    def order(self, of: Any) -> list[ColumnElement[Any]]:
        if self.towards == ">":
            return [of.queued_at, of.id]
        return [of.queued_at.desc(), of.id.desc()]

    def within(self) -> list[ColumnElement[bool]]:
        """From where, and the days between which it is read."""
        place = tuple_(_filled("place_at", "queued_at"), _filled("place_id", "id"))
        each = {">": [_place() > place], "<": [_place() < place], "": []}[self.towards]
        if self.since:
            each.append(ScrapingJob.queued_at >= _filled("since", "queued_at"))
        if self.until:
            each.append(ScrapingJob.queued_at < _filled("until", "queued_at"))
        return each

    def unindexed(self) -> list[str]:
        """The columns that are left to be held against each job that `_walked` gives."""
        has = {
            "status": self.statuses > 0 and (self.of_target or self.of_verdict),
            "verdict": self.of_verdict and self.of_target,
            "trigger": self.of_trigger,
        }
        return [name for name, left in has.items() if left]


def _page(session: Session, walk: _Walk, form: Callable[[Any], Pair]) -> JobPage[Pair]:
    shape, values = walk.shape(), walk.values()
    rows: list[Any] = [form(row) for row in _found(session, shape, values)]
    more, rows = len(rows) > walk.size, rows[: walk.size]
    looked_to = None
    if shape.unindexed() and not more:
        looked_to = _as_key(columns.read(session, _end_of_look(shape), values).one_or_none())
    beyond = _key(rows[-1]) if more else looked_to
    before = _key(rows[0]) if rows else None
    if walk.newer_than:
        rows.reverse()
        return JobPage(rows, older=before, newer=beyond, looked_to=looked_to)
    return JobPage(rows, beyond, newer=before if walk.older_than else None, looked_to=looked_to)


def _found(session: Session, shape: _Shape, values: Mapping[str, Any]) -> Sequence[Row[Any]]:
    if shape.whole:
        return session.execute(_rows(shape), values).all()
    return columns.read(session, _rows(shape), values).all()


# A shape is known by what somebody may choose, so there are no more than some hundred.
@lru_cache(512)
def _rows(shape: _Shape) -> Select[Any]:
    seen = _walked(shape)
    fit = (
        select(seen.c.id)
        .where(*(_holds(seen, name) for name in shape.unindexed()))
        .order_by(*shape.order(seen.c))
        .limit(shape.size + 1)
        .subquery()
    )
    shown = (ScrapingJob, ScrapingTarget) if shape.whole else _LISTED
    query = (
        select(*shown)
        .join(fit, fit.c.id == ScrapingJob.id)
        .join(ScrapingTarget, ScrapingTarget.id == ScrapingJob.target_id)
        .order_by(*shape.order(ScrapingJob))
    )
    return query.options(*_LIGHT, *_LIGHT_TARGET) if shape.whole else query


@lru_cache(512)
def _end_of_look(shape: _Shape) -> Select[datetime, uuid.UUID]:
    """The last job that was looked at; none when there are no more."""
    seen = _walked(shape)
    ordered = select(seen.c.queued_at, seen.c.id).order_by(*shape.order(seen.c))
    return ordered.offset(shape.look - 1).limit(1)


def _walked(shape: _Shape) -> Subquery:
    """The jobs that indexes lead to, in order: of a target, a verdict, statuses, or all."""
    if shape.of_target:
        return _first(shape, ScrapingJob.target_id == bindparam("target_id")).subquery()
    if shape.of_verdict:
        return _first(shape, ScrapingJob.verdict == _filled("verdict", "verdict")).subquery()
    if not shape.statuses:
        return _first(shape).subquery()
    # Each status in its index; one index for several would be read to its end.
    parts = [
        _first(shape, ScrapingJob.status == _filled(f"status_{number}", "status")).subquery()
        for number in range(shape.statuses)
    ]
    if len(parts) == 1:
        return parts[0]
    both = union_all(*(select(part) for part in parts)).subquery()
    return select(both).order_by(*shape.order(both.c)).limit(_most(shape)).subquery()


def _first(
    shape: _Shape, *where: ColumnElement[bool]
) -> Select[uuid.UUID, datetime, JobStatus, Trigger, Verdict | None]:
    asked = (
        ScrapingJob.id,
        ScrapingJob.queued_at,
        ScrapingJob.status,
        ScrapingJob.trigger,
        ScrapingJob.verdict,
    )
    query = select(*asked).where(*where, *shape.within())
    return query.order_by(*shape.order(ScrapingJob)).limit(_most(shape))


def _most(shape: _Shape) -> int:
    return shape.look if shape.unindexed() else shape.size + 1


def _holds(seen: Subquery, name: str) -> ColumnElement[bool]:
    if name == "status":
        return seen.c.status.in_(bindparam("statuses", expanding=True))
    held: ColumnElement[bool] = seen.c[name] == _filled(name, name)
    return held


def _filled(name: str, column: str) -> Any:
    """A place for a value, of that column's type."""
    return bindparam(name, type_=getattr(ScrapingJob, column).type)


# As one value, since every list of jobs asks for them; no name has a space.
_NAMES = select(
    func.string_agg(ScrapingTarget.name, aggregate_order_by(literal(" "), ScrapingTarget.name))
).where(ScrapingTarget.deleted_at.is_(None))
#: A list shows neither, and both can be large.
_LIGHT = (defer(ScrapingJob.stats), defer(ScrapingJob.definition))
_LIGHT_TARGET = (
    defer(ScrapingTarget.start_urls),
    defer(ScrapingTarget.arguments),
    defer(ScrapingTarget.settings),
)
_LISTED = (
    *(getattr(ScrapingJob, name) for name in ListedJob._fields),
    *(getattr(ScrapingTarget, name) for name in ListedTarget._fields),
)


def _whole(row: Row[ScrapingJob, ScrapingTarget]) -> tuple[ScrapingJob, ScrapingTarget]:
    return row[0], row[1]


def _parted(row: Row[Any]) -> tuple[ListedJob, ListedTarget]:
    of_job = len(ListedJob._fields)
    return ListedJob(*row[:of_job]), ListedTarget(*row[of_job:])


def _place() -> ColumnElement[Any]:
    return tuple_(ScrapingJob.queued_at, ScrapingJob.id)


def _key(pair: Any) -> PageKey:
    job = pair[0]
    return job.queued_at, job.id


def _as_key(row: Row[datetime, uuid.UUID] | None) -> PageKey | None:
    return (row.queued_at, row.id) if row else None
