"""Targets as people look at them: a list to search and sort, and what became of each lately.

What a target last did is told by its active job, else by the newest that was more than skipped: a
schedule that comes while a job runs would otherwise hide that job behind its own excuse.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVarTuple

from sqlalchemy import (
    ColumnElement,
    Float,
    Row,
    Select,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session, defer

from orchestrator.ledger.models import (
    ACTIVE,
    JobStatus,
    ScrapedItem,
    ScrapingJob,
    ScrapingTarget,
    Worker,
)
from orchestrator.shelf import Shelf

#: What a crawl may have become; to be skipped is none of them.
OUTCOMES = (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)

Columns = TypeVarTuple("Columns")

#: What the last ended jobs of a target found, by its last job and whether that has ended.
_RECENT: Shelf[tuple[uuid.UUID, bool], tuple[int, ...]] = Shelf(room=20_000)

_SPARK_JOBS, _MOST_TAGS, _MOST_SPIDERS = 30, 200, 500
#: A target whose job is paused may have thousands of skipped ones; nobody waits for all of them.
_LOOKED_AT = 300
_LAST: ColumnElement[float] = cast(literal("Infinity"), Float)
_LIVING: ColumnElement[bool] = ScrapingTarget.deleted_at.is_(None)
_NAME = ScrapingTarget.name


class Sort(StrEnum):
    """What a list of targets is ordered by; ties by name."""

    NAME = "name"
    LAST_JOB = "last_job"  #: The latest first; never run last.
    NEXT_RUN = "next_run"  #: The soonest first; disabled ones last.
    ITEMS = "items"  #: The last job that found most first.


@dataclass(frozen=True, slots=True)
class TargetFilter:
    """Which targets a list shows."""

    #: Part of a name, a spider or a start URL.
    text: str = ""
    tag: str = ""
    active: bool | None = None
    #: Where the last job stands.
    outcome: JobStatus | None = None
    #: Those without any job.
    never_run: bool = False


@dataclass(frozen=True, slots=True)
class Overview:
    """A target, its last job, and the items of its last ended jobs, oldest first."""

    target: ScrapingTarget
    job: ScrapingJob | None
    items: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TargetPage:
    """A page of targets; `before` and `after` are the ids that the pages beside it begin from."""

    rows: Sequence[Overview]
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Figures:
    """What a job that ended brought."""

    at: datetime
    items: int
    #: None when it ended before it began.
    seconds: float | None
    pages: int
    errors: int


@dataclass(frozen=True, slots=True)
class Belongings:
    """What goes when a target goes; numbers are counted no further than `most`."""

    jobs: int
    items: int
    active: ScrapingJob | None
    most: int


def page(
    session: Session,
    which: TargetFilter,
    sort: Sort = Sort.NAME,
    *,
    after: int | None = None,
    before: int | None = None,
    size: int = 50,
) -> TargetPage:
    """Living targets in that order; without ids of neighbours, the first ones."""
    key = tuple_(_rank(sort), ScrapingTarget.name)
    query = _listed(select(ScrapingTarget.id)).where(*_conditions(which))
    if before is not None and (place := _place(session, sort, before)):
        query = query.where(key < tuple_(*place)).order_by(_rank(sort).desc(), _NAME.desc())
        found = session.scalars(query.limit(size + 1)).all()
        ids, more = list(reversed(found[:size])), len(found) > size
        return _page(session, ids, is_first=not more, is_last=False)
    place = _place(session, sort, after) if after is not None else None
    query = query.where(key > tuple_(*place)) if place else query
    found = session.scalars(query.order_by(_rank(sort), _NAME).limit(size + 1)).all()
    return _page(session, found[:size], is_first=place is None, is_last=len(found) <= size)


def with_last_job(
    session: Session, ids: Sequence[int] | None = None
) -> Sequence[Row[ScrapingTarget, ScrapingJob]]:
    """The living targets by name, all or some, each with its last job."""
    query = _listed(select(ScrapingTarget, ScrapingJob)).order_by(_NAME)
    if ids is not None:
        # No list shows these, and each can be large.
        query = query.where(ScrapingTarget.id.in_(ids)).options(
            defer(ScrapingTarget.start_urls),
            defer(ScrapingTarget.arguments),
            defer(ScrapingTarget.settings),
        )
    return session.execute(
        query.options(defer(ScrapingJob.stats), defer(ScrapingJob.definition))
    ).all()


def figures(session: Session, target_id: int, *, most: int = 60) -> list[Figures]:
    """Those of the last jobs that ended, oldest first."""
    seconds = func.extract("epoch", ScrapingJob.completed_at - ScrapingJob.started_at)
    rows = session.execute(
        select(
            ScrapingJob.queued_at,
            ScrapingJob.items_scraped,
            cast(seconds, Float),
            ScrapingJob.pages,
            ScrapingJob.errors,
        )
        .where(ScrapingJob.target_id == target_id, ScrapingJob.status.in_(OUTCOMES))
        .order_by(ScrapingJob.queued_at.desc(), ScrapingJob.id.desc())
        .limit(most)
    ).all()
    return [Figures(*row) for row in reversed(rows)]


def belongings(session: Session, target_id: int, *, most: int = 10_000) -> Belongings:
    """What a target holds, for whoever is about to delete it."""
    active = session.scalars(
        select(ScrapingJob)
        .where(ScrapingJob.target_id == target_id, ScrapingJob.status.in_(ACTIVE))
        .options(defer(ScrapingJob.stats), defer(ScrapingJob.definition))
    ).first()
    jobs = _count(session, select(ScrapingJob.id).where(ScrapingJob.target_id == target_id), most)
    items = _count(session, select(ScrapedItem.id).where(ScrapedItem.target_id == target_id), most)
    return Belongings(jobs, items, active, most)


def any_target(session: Session) -> bool:
    return session.scalar(select(ScrapingTarget.id).where(_LIVING).limit(1)) is not None


def tags(session: Session) -> Sequence[str]:
    """The tags in use."""
    each = func.unnest(ScrapingTarget.tags).label("tag")
    return session.scalars(
        select(each).where(_LIVING).distinct().order_by(each).limit(_MOST_TAGS)
    ).all()


def known_spiders(session: Session) -> Sequence[str]:
    """The spiders that workers say they know."""
    each = func.unnest(Worker.spiders).label("spider")
    told = select(each).where(Worker.stopped_at.is_(None)).distinct()
    return session.scalars(told.order_by(each).limit(_MOST_SPIDERS)).all()


def _last_job_id() -> ColumnElement[Any]:
    of_target = select(ScrapingJob.id).where(ScrapingJob.target_id == ScrapingTarget.id)
    active = of_target.where(ScrapingJob.status.in_(ACTIVE)).limit(1)
    newest = (
        of_target.where(ScrapingJob.status != JobStatus.SKIPPED)
        .order_by(ScrapingJob.queued_at.desc(), ScrapingJob.id.desc())
        .limit(1)
    )
    return func.coalesce(
        active.correlate(ScrapingTarget).scalar_subquery(),
        newest.correlate(ScrapingTarget).scalar_subquery(),
    )


def _listed(query: Select[*Columns]) -> Select[*Columns]:
    # Found for each target before it is joined: for the targets whose last job failed, the planner
    # would read every job that ever did, and look for the last ones among them.
    last = select(_last_job_id().label("id")).offset(0).lateral("last")
    return (
        query.outerjoin_from(ScrapingTarget, last, true())
        .outerjoin(ScrapingJob, ScrapingJob.id == last.c.id)
        .where(_LIVING)
    )


def _rank(sort: Sort) -> ColumnElement[float]:
    """A number that rises down the list."""
    ranks: dict[Sort, ColumnElement[Any]] = {
        Sort.NAME: literal(0),
        Sort.LAST_JOB: -func.extract("epoch", ScrapingJob.queued_at),
        Sort.NEXT_RUN: case(
            (ScrapingTarget.active, func.extract("epoch", ScrapingTarget.next_run_at))
        ),
        Sort.ITEMS: -ScrapingJob.items_scraped,
    }
    return func.coalesce(cast(ranks[sort], Float), _LAST)


def _place(session: Session, sort: Sort, target_id: int) -> tuple[float, str] | None:
    """Where that target stands in the order; None when it is gone."""
    query = _listed(select(_rank(sort), _NAME)).where(ScrapingTarget.id == target_id)
    row = session.execute(query).one_or_none()
    return (row[0], row[1]) if row else None


def _conditions(which: TargetFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if which.text:
        urls = func.array_to_string(ScrapingTarget.start_urls, "\n")
        places = (ScrapingTarget.name, ScrapingTarget.spider, urls)
        conditions.append(or_(*(each.icontains(which.text, autoescape=True) for each in places)))
    if which.tag:
        conditions.append(ScrapingTarget.tags.contains([which.tag]))
    if which.active is not None:
        conditions.append(ScrapingTarget.active.is_(which.active))
    if which.outcome is not None:
        conditions.append(ScrapingJob.status == which.outcome)
    if which.never_run:
        conditions.append(ScrapingJob.id.is_(None))
    return conditions


def _page(session: Session, ids: Sequence[int], *, is_first: bool, is_last: bool) -> TargetPage:
    found = {row[0].id: row for row in with_last_job(session, ids)} if ids else {}
    items = _recent_items(session, [found[each] for each in ids if each in found])
    rows = [Overview(*found[each], items.get(each, ())) for each in ids if each in found]
    return TargetPage(
        rows,
        before=ids[0] if ids and not is_first else None,
        after=ids[-1] if ids and not is_last else None,
    )


def _recent_items(
    session: Session, rows: Sequence[Row[ScrapingTarget, ScrapingJob]]
) -> dict[int, tuple[int, ...]]:
    """What the last jobs of these targets found, read again only where a job has begun or ended."""
    # A target has one active job, so no other ends beside it; and a job ends once.
    keys = {target.id: (job.id, job.status.is_final) for target, job in rows if job}
    known = {each: found for each, key in keys.items() if (found := _RECENT.get(key)) is not None}
    unknown = [each for each in keys if each not in known]
    if unknown:
        read = _spark_items(session, unknown)
        known |= {each: _RECENT.put(keys[each], read.get(each, ())) for each in unknown}
    return known


def _spark_items(session: Session, ids: Sequence[int]) -> dict[int, tuple[int, ...]]:
    recent = (
        select(ScrapingJob.items_scraped, ScrapingJob.queued_at, ScrapingJob.status)
        .where(ScrapingJob.target_id == ScrapingTarget.id)
        .order_by(ScrapingJob.queued_at.desc(), ScrapingJob.id.desc())
        .limit(_LOOKED_AT)
        .correlate(ScrapingTarget)
        .subquery()
    )
    ended = (
        select(recent.c.items_scraped, recent.c.queued_at)
        .where(recent.c.status.in_(OUTCOMES))
        .order_by(recent.c.queued_at.desc())
        .limit(_SPARK_JOBS)
        .lateral()
    )
    oldest_first = aggregate_order_by(ended.c.items_scraped, ended.c.queued_at)
    rows = session.execute(
        select(ScrapingTarget.id, func.array_agg(oldest_first))
        .join(ended, true())
        .where(ScrapingTarget.id.in_(ids))
        .group_by(ScrapingTarget.id)
    )
    return {row[0]: tuple(row[1]) for row in rows}


def _count(session: Session, query: Select[Any], most: int) -> int:
    """How many, but at most one more than `most`: enough to say that there are more."""
    return session.scalar(select(func.count()).select_from(query.limit(most + 1).subquery())) or 0
