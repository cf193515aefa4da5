"""Vitals: whether the parts that keep everything going are alive, in one look.

A worker that stays quiet without having been told to stop died; one that was told to has just left.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from orchestrator.ledger import bells, ticks, workers
from orchestrator.ledger.models import Crawl, Queue, Worker

#: Of one that was quiet for longer nobody needs to be told any more.
_NEWS = timedelta(days=1)
#: Of more queues that nobody serves those with most jobs are told.
_MOST_QUEUES = 20


@dataclass(frozen=True, slots=True)
class Vitals:
    """Who lives, and how long ago beat and the sweep were heard of; None = never."""

    #: Workers that live, and those of them that crawl, for whichever tag, and not only render.
    workers: int
    crawlers: int
    #: Of those that crawl, and how many are taken.
    slots: int
    taken: int
    #: The names of workers that went quiet today without having been told to stop.
    quiet: list[str]
    beat_age: timedelta | None
    sweep_age: timedelta | None
    #: How many jobs could be claimed now, by queues that no living worker serves.
    unserved: Mapping[str, int]

    @property
    def beat_lives(self) -> bool:
        return _lives(self.beat_age)

    @property
    def sweep_lives(self) -> bool:
        return _lives(self.sweep_age)

    @property
    def are_good(self) -> bool:
        trouble = self.quiet or self.unserved
        return bool(self.crawlers and self.beat_lives and self.sweep_lives and not trouble)


def read(session: Session) -> Vitals:
    ages = ticks.ages(session)
    living, crawls = workers.is_living(), workers.crawls(Queue.CRAWLS)
    names = select(Worker.name).where(living, crawls)
    taken = select(func.count()).where(Crawl.ended_at.is_(None), Crawl.worker.in_(names))
    found, crawlers, slots, busy = session.execute(
        select(
            func.count().filter(living),
            func.count().filter(living, crawls),
            func.coalesce(func.sum(Worker.slots).filter(living, crawls), 0),
            taken.scalar_subquery(),
        ).select_from(Worker)
    ).one()
    beat, sweep = ages.get(ticks.BEAT), ages.get(ticks.SWEEP)
    return Vitals(found, crawlers, slots, busy, _quiet(session), beat, sweep, unserved(session))


def unserved(session: Session) -> dict[str, int]:
    """How many jobs could be claimed now, by queues that no living worker serves."""
    served = select(func.unnest(Worker.queues)).where(workers.is_living())
    queue, count = bells.queue().label("queue"), func.count().label("count")
    waiting = (
        select(queue, count)
        .where(bells.is_due(), bells.queue().not_in(served))
        .group_by(queue)
        .order_by(count.desc(), queue)
        .limit(_MOST_QUEUES)
    )
    return dict(session.execute(waiting).all())


def _quiet(session: Session) -> list[str]:
    gone = select(Worker.name).where(
        Worker.stopped_at.is_(None), ~workers.is_living(), Worker.seen_at > func.now() - _NEWS
    )
    return list(session.scalars(gone.order_by(Worker.name)))


def _lives(age: timedelta | None) -> bool:
    return age is not None and age < workers.patience()
