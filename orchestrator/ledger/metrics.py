"""Metrics: an installation in numbers, for programs that ask every few seconds.

However many jobs and items there are, a look reads what is active and what the tallies have
counted, so it takes milliseconds. No number is of one target: a thousand of them would be a
thousand series each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from orchestrator.ledger import bells, tallies, ticks, vitals, workers
from orchestrator.ledger.models import (
    Alert,
    AlertChannel,
    AlertDelivery,
    Crawl,
    Publication,
    ScrapingJob,
    ScrapingTarget,
    Worker,
)

#: Of as many workers as this each has its own series; of further ones nobody hears.
MOST_WORKERS = 100
#: More alerts than these are only told to be at least so many.
_MOST_ALERTS = 10_000


@dataclass(frozen=True, slots=True)
class WorkerMetrics:
    """A worker that lives."""

    name: str
    queues: Sequence[str]
    slots: int
    taken: int
    memory_bytes: int
    quiet_seconds: float


@dataclass(frozen=True, slots=True)
class Metrics:
    """What was read in one look."""

    #: Everything that has been counted, by name, as `tallies` has it.
    totals: Mapping[str, float]
    #: How long ago beat, the sweep and search were heard of, by their names.
    ages: Mapping[str, timedelta]
    workers: Sequence[WorkerMetrics]
    #: Jobs that could be claimed now, and how long the oldest has been waiting for it.
    due: int
    due_seconds: float
    #: Crawler processes that hold a lease.
    crawls: int
    #: Of those, the ones whose lease is over: their workers are lost.
    crawls_expired: int
    #: Jobs whose changes wait for a person.
    held: int
    #: Facts that people have not been told yet, and messages that failed and are tried again.
    alerts_undelivered: int
    messages_failing: int
    targets_active: int
    #: Of the jobs that could be claimed now those in queues that no living worker serves.
    unserved: Mapping[str, int]


def read(session: Session) -> Metrics:
    row = session.execute(
        select(
            *_queue(),
            *_crawls(),
            _counted(ScrapingJob.publication == Publication.HELD),
            _undelivered(),
            _counted(_is_open(), AlertDelivery.tries > 0),
            _counted(ScrapingTarget.active.is_(True), ScrapingTarget.deleted_at.is_(None)),
        )
    ).one()
    return Metrics(
        tallies.totals(session),
        ticks.ages(session),
        _workers(session),
        *row,
        vitals.unserved(session),
    )


def _queue() -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    since = func.greatest(ScrapingJob.queued_at, ScrapingJob.run_after)
    oldest = select(func.coalesce(_seconds(func.min(since)), 0)).where(bells.is_due())
    return _counted(bells.is_due()), oldest.scalar_subquery()


def _crawls() -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    living = Crawl.ended_at.is_(None)
    return _counted(living), _counted(living, Crawl.lease_until < func.now())


def _undelivered() -> ColumnElement[Any]:
    """Of channels that are told anything; no more are counted than anybody needs to know."""
    waiting = (
        select(Alert.id)
        .join(AlertChannel, AlertChannel.id == Alert.channel_id)
        .outerjoin(AlertDelivery, AlertDelivery.id == Alert.delivery_id)
        .where(AlertChannel.active, or_(Alert.delivery_id.is_(None), _is_open()))
        .limit(_MOST_ALERTS)
        .subquery()
    )
    return select(func.count()).select_from(waiting).scalar_subquery()


def _is_open() -> ColumnElement[bool]:
    return (
        ~AlertDelivery.is_test
        & AlertDelivery.delivered_at.is_(None)
        & AlertDelivery.gave_up_at.is_(None)
    )


def _workers(session: Session) -> list[WorkerMetrics]:
    crawls = (
        select(func.count())
        .where(Crawl.ended_at.is_(None), Crawl.worker == Worker.name)
        .scalar_subquery()
    )
    living = session.execute(
        select(Worker, crawls, _seconds(Worker.seen_at))
        .where(workers.is_living())
        .order_by(Worker.name)
        .limit(MOST_WORKERS)
    )
    return [
        WorkerMetrics(
            worker.name, worker.queues, worker.slots, taken, worker.memory_bytes, float(quiet)
        )
        for worker, taken, quiet in living
    ]


def _counted(*where: ColumnElement[bool]) -> ColumnElement[Any]:
    return select(func.count()).where(*where).scalar_subquery()


def _seconds(moment: Any) -> ColumnElement[Any]:
    """How long ago that was, by the database's clock."""
    return func.extract("epoch", func.now() - moment)
