"""Waiting: why a pending job has not started, and when a running one will likely end.

What is answered are values; the dashboard words them.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache, lru_cache
from heapq import heapify, heapreplace
from statistics import median
from typing import Any, Protocol

from sqlalchemy import (
    Row,
    Select,
    and_,
    bindparam,
    func,
    literal,
    select,
    tuple_,
)
from sqlalchemy.orm import Session, defer

from orchestrator import config
from orchestrator.ledger import bells, columns, forecasts, starts, ticks, workers
from orchestrator.ledger.models import Crawl, ScrapingJob, ScrapingTarget, Tick, Worker
from orchestrator.ledger.windows import Window

#: Queues whose question is kept ready; there may be one for each worker tag.
_MOST_QUEUES = 64
#: Nobody has swept for so long: nobody will soon.
_SWEEP_AWAY = timedelta(minutes=2)
#: So many of the running jobs are named.
_NAMED = 3
#: Of so many that come first it is asked how long they take; the others are like them.
_ASKED = 100


class Reason(StrEnum):
    """Why a pending job has not started; the first that holds."""

    RETRYING = "retrying"  #: It failed and tries again later.
    WINDOW_CLOSED = "window_closed"  #: It may crawl at some times of the day only.
    SPREAD = "spread"  #: Its occasion has come; the starts of many are spread.
    NOT_BEFORE = "not_before"  #: Its time has not come.
    NO_WORKER = "no_worker"  #: No worker that crawls lives.
    NO_BROWSER = "no_browser"  #: Its pages need a browser, and no worker that has one lives.
    NO_TAGGED = "no_tagged_worker"  #: No worker lives that was started for its tag.
    SLOTS_BUSY = "slots_busy"  #: Every slot of every living worker is taken.
    SWEEP_AWAY = "sweep_away"  #: Its bell was lost and nobody sweeps to ring it again.
    BELL_UNANSWERED = "bell_unanswered"  #: Slots are free; the sweep rings its bell again.
    SOON = "soon"  #: Nothing is in its way.


class Pending(Protocol):
    """What is asked of a pending job: a list does not read more."""

    @property
    def id(self) -> uuid.UUID: ...
    @property
    def attempt(self) -> int: ...
    @property
    def failures(self) -> int: ...
    @property
    def run_after(self) -> datetime: ...
    @property
    def rung_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Running:
    """A job that takes a slot."""

    job_id: uuid.UUID
    target_id: int
    target_name: str
    since: datetime
    expected_end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why a job waits; what does not belong to its reason is left empty."""

    kind: Reason
    #: When it was asked for.
    queued_at: datetime
    #: RETRYING, WINDOW_CLOSED, SPREAD, NOT_BEFORE: when it may start.
    until: datetime | None = None
    #: WINDOW_CLOSED: its window and the zone of that.
    window: Window | None = None
    #: SPREAD: its occasion, and over how long the starts are spread.
    due_at: datetime | None = None
    spread: timedelta = timedelta()
    #: RETRYING: how often it failed without progress.
    failures: int = 0
    #: NO_WORKER, NO_BROWSER, NO_TAGGED: when the last one was heard of, if there ever was one.
    #: SWEEP_AWAY: the last sweep. BELL_UNANSWERED: when it became due.
    since: datetime | None = None
    #: NO_WORKER, NO_BROWSER, NO_TAGGED: what nobody serves, the tag of that, and whether the target
    #: asks for other workers by now; the job keeps to what it was requested with.
    queue: str = ""
    tag: str | None = None
    retagged: bool = False
    #: SLOTS_BUSY: how many there are, the jobs in some of them, and how many jobs come first.
    slots: int = 0
    running: Sequence[Running] = ()
    ahead: int = 0
    #: SLOTS_BUSY: when a slot is likely free for it; None when that cannot be told.
    likely_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Scene:
    """What all pending jobs of a queue have before them."""

    queue: str
    now: datetime
    slots: int
    taken: int
    last_heard_at: datetime | None
    swept_at: datetime | None


def why(session: Session, job: ScrapingJob) -> Waiting:
    """Why this pending job has not started."""
    scene = _scene(session, bells.queue_of(job.definition))
    waiting = Waiting(_reason(job, scene, job.definition), job.queued_at)
    match waiting.kind:
        case Reason.RETRYING | Reason.WINDOW_CLOSED | Reason.SPREAD | Reason.NOT_BEFORE:
            return replace(
                waiting,
                until=job.run_after,
                failures=job.failures,
                window=starts.window_of(job.definition),
                due_at=job.due_at,
                spread=timedelta(seconds=job.definition.get("spread_seconds", 0)),
            )
        case Reason.NO_WORKER | Reason.NO_BROWSER | Reason.NO_TAGGED:
            return _unserved(session, job, scene, waiting)
        case Reason.SLOTS_BUSY:
            return _behind(session, job, scene, waiting)
        case Reason.SWEEP_AWAY:
            return replace(waiting, since=scene.swept_at)
        case Reason.BELL_UNANSWERED:
            return replace(waiting, since=job.run_after)
    return waiting


def reasons(session: Session, jobs: Iterable[Pending]) -> dict[uuid.UUID, Reason]:
    """The reason alone of each of these pending jobs."""
    jobs = list(jobs)
    carried = _carried(session, [job.id for job in jobs])
    queues = {job.id: bells.queue_of(carried.get(job.id, {})) for job in jobs}
    scenes = {queue: _scene(session, queue) for queue in set(queues.values())}
    return {job.id: _reason(job, scenes[queues[job.id]], carried.get(job.id, {})) for job in jobs}


def _carried(session: Session, job_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, dict[str, Any]]:
    """What jobs carry that keeps them waiting: a list does not read all that they carry."""
    query = _carried_by_name("crawl_window", "timezone", "spread_seconds", "render", "worker_tag")
    rows = columns.read(session, query, {"job_ids": job_ids}) if job_ids else ()
    return {row[0]: row[1] for row in rows}


@cache
def _carried_by_name(*names: str) -> Select[uuid.UUID, dict[str, Any]]:
    pairs = [part for name in names for part in (name, ScrapingJob.definition[name])]
    carried = func.jsonb_strip_nulls(func.jsonb_build_object(*pairs))
    named = ScrapingJob.id.in_(bindparam("job_ids", expanding=True))
    return select(ScrapingJob.id, carried).where(named)


def _reason(job: Pending, scene: _Scene, carried: Mapping[str, Any]) -> Reason:
    overdue = scene.now - job.run_after > timedelta(seconds=2 * config.get().sweep_seconds)
    if job.run_after > scene.now:
        return _not_yet(job, scene, carried)
    if not scene.slots:
        return _nobody(carried)
    if scene.taken >= scene.slots:
        return Reason.SLOTS_BUSY
    if (overdue or job.rung_at is None) and _nobody_sweeps(scene):
        return Reason.SWEEP_AWAY
    return Reason.BELL_UNANSWERED if overdue else Reason.SOON


def _not_yet(job: Pending, scene: _Scene, carried: Mapping[str, Any]) -> Reason:
    if job.failures:
        return Reason.RETRYING
    window = starts.window_of(carried)
    if window and not window.is_open(scene.now):
        return Reason.WINDOW_CLOSED
    is_spread = job.attempt == 0 and "spread_seconds" in carried
    return Reason.SPREAD if is_spread else Reason.NOT_BEFORE


def _nobody(carried: Mapping[str, Any]) -> Reason:
    """What kind of worker is missing."""
    if carried.get("worker_tag"):
        return Reason.NO_TAGGED
    return Reason.NO_BROWSER if carried.get("render") else Reason.NO_WORKER


def _nobody_sweeps(scene: _Scene) -> bool:
    return scene.swept_at is None or scene.now - scene.swept_at > _SWEEP_AWAY


def _scene(session: Session, queue: str) -> _Scene:
    return _Scene(queue, *columns.read(session, _scene_of(queue, workers.patience())).one())


# Built once, since every list asks for it; how long a worker may be quiet is in it.
@lru_cache(maxsize=_MOST_QUEUES)
def _scene_of(
    queue: str, _: timedelta
) -> Select[datetime, int, int, datetime | None, datetime | None]:
    living = select(Worker.name).where(workers.is_living(), workers.serves(queue))
    taken = select(func.count()).where(Crawl.ended_at.is_(None), Crawl.worker.in_(living))
    swept_at = select(Tick.at).where(Tick.name == ticks.SWEEP)
    return select(
        func.now(),
        func.coalesce(func.sum(Worker.slots).filter(workers.is_living()), 0),
        taken.scalar_subquery(),
        func.max(func.greatest(Worker.seen_at, Worker.stopped_at)),
        swept_at.scalar_subquery(),
    ).where(workers.serves(queue))


def _unserved(session: Session, job: ScrapingJob, scene: _Scene, waiting: Waiting) -> Waiting:
    tag = job.definition.get("worker_tag")
    of_target = select(ScrapingTarget.worker_tag).where(ScrapingTarget.id == job.target_id)
    return replace(
        waiting,
        since=scene.last_heard_at,
        queue=scene.queue,
        tag=tag,
        retagged=session.scalar(of_target) != tag,
    )


def _behind(session: Session, job: ScrapingJob, scene: _Scene, waiting: Waiting) -> Waiting:
    running = _running(session, scene.queue)
    ends = forecasts.expected_ends(session, [each for each, _, _ in running])
    ahead = session.scalars(
        select(ScrapingJob.target_id)
        .where(
            bells.is_due(),
            bells.queue() == scene.queue,
            tuple_(ScrapingJob.priority, ScrapingJob.queued_at)
            < tuple_(literal(job.priority), literal(job.queued_at)),
        )
        .order_by(ScrapingJob.priority, ScrapingJob.queued_at)
    ).all()
    # A job that several crawls serve takes several slots, and is named once.
    once = {each.id: (each, name, since) for each, name, since in reversed(running)}
    named = [
        Running(each.id, each.target_id, name, since, ends.get(each.id))
        for each, name, since in list(once.values())[::-1][:_NAMED]
    ]
    likely_at = _likely_at(session, [each for each, _, _ in running], ends, ahead)
    return replace(waiting, slots=scene.slots, running=named, ahead=len(ahead), likely_at=likely_at)


def _running(session: Session, queue: str) -> Sequence[Row[ScrapingJob, str, datetime]]:
    """The jobs in the slots of the living workers, with their target's name, oldest first."""
    living = select(Worker.name).where(workers.is_living(), workers.serves(queue))
    return session.execute(
        select(ScrapingJob, ScrapingTarget.name, Crawl.started_at)
        .join(Crawl, and_(Crawl.job_id == ScrapingJob.id, Crawl.attempt == ScrapingJob.attempt))
        .join(ScrapingTarget, ScrapingTarget.id == ScrapingJob.target_id)
        .where(Crawl.ended_at.is_(None), Crawl.worker.in_(living))
        .order_by(Crawl.started_at)
        .options(defer(ScrapingJob.stats), defer(ScrapingJob.definition))
    ).all()


def _likely_at(
    session: Session,
    running: Sequence[ScrapingJob],
    ends: Mapping[uuid.UUID, datetime],
    ahead: Sequence[int],
) -> datetime | None:
    """Lets those ahead take the slots in turn, each for as long as its target's jobs take."""
    now = ticks.now(session)
    habits = forecasts.habits_of(session, {*ahead[:_ASKED], *(job.target_id for job in running)})
    # One that took longer than ever may end at any moment; one without history is no guide.
    free = [ends.get(job.id, now) for job in running if job.target_id in habits]
    if not free:
        return None
    usual = timedelta(seconds=median(habit.took.total_seconds() for habit in habits.values()))
    heapify(free)
    for target_id in ahead:
        took = habits[target_id].took if target_id in habits else usual
        heapreplace(free, free[0] + took)
    return free[0]
