"""The storm itself: one loop that asks for jobs, kills, and watches how they go on.

One thread: what it knows of a job at a kill and what it sees afterwards come from the same hand, so
no recovery is measured against a stale look.
"""

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import psutil

from orchestrator import config, database
from orchestrator.chaos import victims
from orchestrator.chaos.demand import Demand
from orchestrator.chaos.installation import Installation
from orchestrator.chaos.interruption import Interruption
from orchestrator.chaos.plan import Strike
from orchestrator.chaos.recoveries import Recoveries
from orchestrator.chaos.victims import Kind, Living
from orchestrator.exceptions import DatabaseAway
from orchestrator.ledger import evidence
from orchestrator.ledger.evidence import Standing
from orchestrator.ledger.models import JobStatus

_LOOK_SECONDS = 0.1
#: A program that was killed is back in half a minute; a crawl, after a lease or two failures.
_VICTIM_SECONDS = 180
#: Beyond lease, sweep, bell and one wait after a failure: what a job itself may take.
_GENEROUS_SECONDS = 90
_GENEROUS_SECONDS_A_PAGE = 0.03


@dataclass
class Progress:
    """How far the storm is."""

    kills: int = 0
    ended: int = 0
    running: int = 0
    waiting: int = 0


@dataclass
class Storm:
    """A storm over one installation."""

    installation: Installation
    demand: Demand
    log: Path
    interruption: Interruption
    tell: Callable[[Progress], None] = lambda progress: None
    progress: Progress = field(default_factory=Progress)
    recoveries: Recoveries = field(default_factory=Recoveries)
    #: Jobs that living crawler processes of two attempts were seen to serve.
    seen_twice: set[uuid.UUID] = field(default_factory=set)
    #: Something that was killed did not come back.
    ended_early: bool = False
    _crawlers: dict[uuid.UUID, dict[tuple[int, int], psutil.Process]] = field(default_factory=dict)
    _standings: dict[uuid.UUID, Standing] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.recoveries.tell = self._note

    def rage(self, strikes: Sequence[Strike]) -> None:
        """Brings the strikes, each when its time has come and its victims live.

        Ends early when a victim does not come back.
        """
        for strike in strikes:
            # The pause begins with a crawl, or most crawls would be killed as they are born.
            came = strike.eager or self._comes(self._is_crawling)
            self._pass(strike.pause_seconds)
            if not (came and self._comes(partial(self._brought, strike))):
                self._note(f"no {' and '.join(strike.kinds)} to be killed; the storm ends")
                self.ended_early = True
                return

    def _comes(self, fact: Callable[[], bool]) -> bool:
        """True as soon as a fact is; False when it never is."""
        deadline = time.monotonic() + _VICTIM_SECONDS
        while not fact():
            if time.monotonic() > deadline:
                return False
            self._pass(0)
        return True

    def _pass(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while True:
            self.demand.keep_up()
            self._step()
            if time.monotonic() >= until:
                return

    def _is_crawling(self) -> bool:
        return bool(victims.living(self.installation.process).of(Kind.CRAWLER))

    def settle(self, pages: int) -> None:
        """Returns when all jobs have ended, or none has for so long that the rest is stuck."""
        patience = _patience(pages)
        ended, deadline = -1, 0.0
        while unended := len(self.demand.job_ids) - self.progress.ended:
            if unended != ended:
                ended, deadline = unended, time.monotonic() + patience
            if time.monotonic() > deadline:
                self._note(f"{unended} jobs have not ended")
                break
            self._step()
        self.recoveries.give_up(at=time.monotonic())

    def _step(self) -> None:
        self.interruption.wait(_LOOK_SECONDS)
        self.installation.check()
        self._look()
        self.tell(self.progress)

    def _look(self) -> bool:
        """Sees where the jobs stand; False when the database does not say."""
        unended = [
            job_id
            for job_id in self.demand.job_ids
            if job_id not in self._standings or not self._standings[job_id].status.is_final
        ]
        try:
            with database.transaction() as session:
                standings = evidence.standings(session, unended)
        except DatabaseAway:
            return False
        self._standings |= {each.job_id: each for each in standings}
        busy = self._count_crawlers(standings) >= config.get().slots
        self.recoveries.seen(standings, at=time.monotonic(), slots_are_busy=busy)
        statuses = [each.status for each in self._standings.values()]
        self.progress.ended = sum(status.is_final for status in statuses)
        self.progress.running = statuses.count(JobStatus.RUNNING)
        self.progress.waiting = statuses.count(JobStatus.PENDING)
        return True

    def _count_crawlers(self, standings: Sequence[Standing]) -> int:
        """How many crawls serve these jobs; notes those that crawls of two attempts serve."""
        served = 0
        for job in standings:
            known = self._crawlers.setdefault(job.job_id, {})
            for number, pid in job.pids.items():
                crawl = job.attempt, number
                if pid and crawl not in known and (found := victims.crawler(pid)):
                    known[crawl] = found
            alive = [crawl for crawl, crawler in known.items() if victims.is_alive(crawler)]
            served += len(alive)
            attempts = sorted({attempt for attempt, _ in alive})
            if len(attempts) > 1:
                self.seen_twice.add(job.job_id)
                self._note(f"job {job.job_id} has crawlers of the attempts {attempts}")
        return served

    def _brought(self, strike: Strike) -> bool:
        """Kills, if all whom the strike means live."""
        living = victims.living(self.installation.process)
        chosen = [(kind, _one(living.of(kind), strike.which)) for kind in strike.kinds]
        named = [(kind, victim) for kind, victim in chosen if victim is not None]
        # The standings of the recoveries to come must be no older than the kill.
        if len(named) < len(strike.kinds) or not self._look():
            return False
        at = time.monotonic()
        killed = [(kind, victim) for kind, victim in named if victims.kill(victim)]
        self._struck(killed, living, at)
        return bool(killed)

    def _struck(
        self, killed: Sequence[tuple[Kind, psutil.Process]], living: Living, at: float
    ) -> None:
        self.progress.kills += len(killed)
        deprived: set[int] = set()
        for kind, victim in killed:
            deprived |= living.crawlers_below(victim, kind)
            self._note(f"killed {kind} {victim.pid}")
        unrecorded = any(kind in _LAUNCHERS for kind, _ in killed)
        running = [each for each in self._standings.values() if each.status is JobStatus.RUNNING]
        hit = {
            each.job_id
            for each in running
            if deprived.intersection(each.pids.values())
            or (unrecorded and None in each.pids.values())
        }
        self.recoveries.struck(running, hit, at=at)
        for job_id in hit:
            self._note(f"  it served job {job_id}, attempt {self._standings[job_id].attempt}")

    def _note(self, line: str) -> None:
        with self.log.open("a") as log:
            log.write(f"{datetime.now(UTC):%H:%M:%S.%f} {line}\n")


#: Without them a crawl whose process is not recorded yet does not begin.
_LAUNCHERS = (Kind.FORKSERVER, Kind.WORKER_CRAWLS, Kind.SUPERVISOR)


def _one(processes: Sequence[psutil.Process], which: float) -> psutil.Process | None:
    return processes[int(which * len(processes))] if processes else None


def _patience(pages: int) -> float:
    settings = config.get()
    waits = settings.lease_seconds + settings.sweep_seconds + settings.ring_again_seconds
    failure = 2 * settings.retry_seconds
    return waits + failure + _GENEROUS_SECONDS + pages * _GENEROUS_SECONDS_A_PAGE
