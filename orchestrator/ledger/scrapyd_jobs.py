"""Jobs as Scrapyd's clients know them: by an id of their own, and by the spider they named.

A job that nobody requested in Scrapyd's way is known by its own id and its target's name. Lists are
bounded, however much is in the ledger: clients ask for them every few seconds.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Subquery, Text, and_, cast, func, null, select, union_all
from sqlalchemy.orm import Session

from orchestrator.ledger import job_lists, overviews, targets
from orchestrator.ledger.models import (
    Crawl,
    JobStatus,
    ScrapedItem,
    ScrapingJob,
    ScrapingTarget,
    ScrapydJob,
)

MOST_FINISHED = 100
_MOST_ACTIVE = _MOST_NAMES = 1_000
#: Those that were skipped are among them, and are no crawls.
_LOOKED_AT = 1_000
_MOST_ITEMS, _MOST_LETTERS = 1_000, 4_000_000
_WAITING = (JobStatus.PENDING, JobStatus.PAUSED)


@dataclass(frozen=True, slots=True)
class ClientJob:
    """A job as a client sees it."""

    id: uuid.UUID
    jobid: str
    spider: str
    status: JobStatus
    queued_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    pages: int
    items: int
    finish_reason: str | None
    pid: int | None = None
    arguments: Mapping[str, Any] | None = None
    settings: Mapping[str, Any] | None = None


def find(session: Session, jobid: str) -> ClientJob | None:
    """The job that a client calls so, or whose own id it is."""
    if not jobid.isprintable():
        return None
    named = session.scalar(select(ScrapydJob.job_id).where(ScrapydJob.jobid == jobid))
    job_id = named or own_id(jobid)
    return one(session, job_id) if job_id else None


def one(session: Session, job_id: uuid.UUID) -> ClientJob | None:
    """The job of that id."""
    row = session.execute(_listed().where(ScrapingJob.id == job_id)).one_or_none()
    return ClientJob(*row) if row else None


def own_id(text: str) -> uuid.UUID | None:
    """The id of a job that is written so."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def spiders(session: Session) -> list[str]:
    """What a client may name: the spiders that workers know, and the targets."""
    return sorted({*overviews.known_spiders(session), *job_lists.target_names(session)})


def counts(session: Session) -> tuple[int, int, int]:
    """How many wait, how many run, and how many of those that ended are listed."""
    number = select(func.count()).select_from(ScrapingJob)
    return (
        session.scalar(number.where(ScrapingJob.status.in_(_WAITING))) or 0,
        session.scalar(number.where(ScrapingJob.status == JobStatus.RUNNING)) or 0,
        session.scalar(select(func.count()).select_from(_ended().subquery())) or 0,
    )


def pending(session: Session) -> list[ClientJob]:
    """Those that wait, in the order they will be served, then those that are paused."""
    waiting = union_all(*(select(_first(status)) for status in _WAITING)).subquery()
    asked = ScrapingJob.definition["arguments"], ScrapingJob.definition["settings"]
    query = _listed(null(), *asked).join(waiting, waiting.c.id == ScrapingJob.id)
    order = (ScrapingJob.status.desc(), ScrapingJob.priority, ScrapingJob.queued_at)
    return _jobs(session, query.order_by(*order).limit(_MOST_ACTIVE))


def running(session: Session) -> list[ClientJob]:
    """Those that are being crawled, the oldest first."""
    same = and_(Crawl.job_id == ScrapingJob.id, Crawl.attempt == ScrapingJob.attempt)
    # Clients know one process a job; of several it is the one that began first.
    pid = select(Crawl.pid).where(same, Crawl.ended_at.is_(None)).order_by(Crawl.number).limit(1)
    query = _listed(pid.scalar_subquery())
    query = query.where(ScrapingJob.status == JobStatus.RUNNING)
    return _jobs(session, query.order_by(ScrapingJob.started_at).limit(_MOST_ACTIVE))


def finished(session: Session) -> list[ClientJob]:
    """Those that ended last, the newest first."""
    ended = _ended().subquery()
    query = _listed().join(ended, ended.c.id == ScrapingJob.id)
    return _jobs(session, query.order_by(ScrapingJob.completed_at.desc()))


def of_spider(session: Session, spider: str) -> list[ClientJob]:
    """The newest that began of those known by that name."""
    if not spider.isprintable():
        return []
    query = _listed().where(ScrapingJob.started_at.is_not(None))
    named = query.where(ScrapydJob.spider == spider).order_by(ScrapydJob.requested_at.desc())
    found = _jobs(session, named.limit(MOST_FINISHED))
    if target := targets.named(session, spider):
        own = query.where(ScrapingJob.target_id == target.id, ScrapydJob.job_id.is_(None))
        newest = own.order_by(ScrapingJob.queued_at.desc(), ScrapingJob.id.desc())
        found += _jobs(session, newest.limit(MOST_FINISHED))
    return sorted(found, key=lambda job: job.queued_at, reverse=True)[:MOST_FINISHED]


def names(session: Session) -> list[str]:
    """The first of the names that jobs may be known by; found by leaps along the index."""
    first = select(func.min(ScrapydJob.spider).label("name")).cte(recursive=True)
    following = select(func.min(ScrapydJob.spider)).where(ScrapydJob.spider > first.c.name)
    known = first.union_all(select(following.scalar_subquery()).where(first.c.name.is_not(None)))
    asked = session.scalars(
        select(known.c.name).where(known.c.name.is_not(None)).limit(_MOST_NAMES)
    )
    return sorted({*asked, *job_lists.target_names(session)})[:_MOST_NAMES]


def items(session: Session, job_id: uuid.UUID, *, after: int = 0) -> list[tuple[int, str]]:
    """The next items that the job was the last to see, each with its id, as JSON.

    A few megabytes at the most, or one item; empty when there are no more.
    """
    query = (
        select(ScrapedItem.id, cast(ScrapedItem.data, Text))
        .where(ScrapedItem.last_job_id == job_id, ScrapedItem.id > after)
        .order_by(ScrapedItem.last_job_id, ScrapedItem.id)
        .limit(_MOST_ITEMS)
    )
    found: list[tuple[int, str]] = []
    letters = 0
    with session.execute(query, execution_options={"yield_per": 10}) as rows:
        for item_id, data in rows:
            found.append((item_id, data))
            letters += len(data)
            if letters > _MOST_LETTERS:
                break
    return found


def _first(status: JobStatus) -> Subquery:
    """By an index, however many there are."""
    query = select(ScrapingJob.id).where(ScrapingJob.status == status)
    order = (ScrapingJob.priority, ScrapingJob.queued_at)
    return query.order_by(*order).limit(_MOST_ACTIVE).subquery()


def _ended() -> Select[uuid.UUID]:
    newest = (
        select(ScrapingJob.id, ScrapingJob.status, ScrapingJob.completed_at)
        .where(ScrapingJob.completed_at.is_not(None))
        .order_by(ScrapingJob.completed_at.desc())
        .limit(_LOOKED_AT)
        .subquery()
    )
    crawled = select(newest.c.id).where(newest.c.status != JobStatus.SKIPPED)
    return crawled.order_by(newest.c.completed_at.desc()).limit(MOST_FINISHED)


def _listed(*further: Any) -> Any:
    """The columns of a ClientJob, in its order."""
    return (
        select(
            ScrapingJob.id,
            func.coalesce(ScrapydJob.jobid, cast(ScrapingJob.id, Text)),
            func.coalesce(ScrapydJob.spider, ScrapingTarget.name),
            ScrapingJob.status,
            ScrapingJob.queued_at,
            ScrapingJob.started_at,
            ScrapingJob.completed_at,
            ScrapingJob.pages,
            ScrapingJob.items_scraped,
            ScrapingJob.finish_reason,
            *further,
        )
        .join(ScrapingTarget, ScrapingTarget.id == ScrapingJob.target_id)
        .outerjoin(ScrapydJob, ScrapydJob.job_id == ScrapingJob.id)
    )


def _jobs(session: Session, query: Select[Any]) -> list[ClientJob]:
    return [ClientJob(*row) for row in session.execute(query)]
