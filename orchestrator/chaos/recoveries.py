"""How long jobs take to go on after a kill.

A job that was hit has recovered when a LATER crawl has committed a checkpoint, of another attempt
or in the place of one that others went on without, or it has ended; one that was not hit, with a
checkpoint surely made after the kill. When a later crawl is hit before it has committed, the job
had been taken up again by then, and its clock begins anew. The clock stands while all that a job
waits for is a slot, and other jobs use them all.
"""

import math
import uuid
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from orchestrator.ledger.evidence import Standing
from orchestrator.ledger.models import JobStatus


@dataclass(slots=True)
class _Watch:
    """A job that ran at a kill and has not been seen to go on."""

    killed_at: float
    crawl: tuple[int, int]
    checkpoint: int
    hit: bool
    #: How long it waited for a slot alone.
    queued_seconds: float = 0

    def is_taken_up(self, now: Standing) -> bool:
        """Somebody serves it, so it can be hit (again)."""
        return not self.hit or now.crawl > self.crawl

    def is_over(self, now: Standing) -> bool:
        if now.status.is_final:
            return True
        if now.crawl > self.crawl:
            return now.checkpoint > 0
        # One more may have been committed between our look and the kill.
        return not self.hit and now.checkpoint > self.checkpoint + 1


@dataclass
class Recoveries:
    """The seconds of each recovery; times are those of one monotonic clock."""

    of_hit: list[float] = field(default_factory=list)
    of_others: list[float] = field(default_factory=list)
    #: Is told of each, in a sentence.
    tell: Callable[[str], None] = lambda sentence: None
    _watches: dict[uuid.UUID, _Watch] = field(default_factory=dict)
    _looked_at: float = 0

    def struck(
        self, standings: Iterable[Standing], hit: Collection[uuid.UUID], *, at: float
    ) -> None:
        """A kill at that time; the standings are as of then, `hit` the jobs it deprived."""
        for job in standings:
            if job.status is not JobStatus.RUNNING:
                continue
            watch = self._watches.get(job.job_id)
            is_hit = job.job_id in hit
            if watch and not (is_hit and watch.is_taken_up(job)):
                continue
            if watch and watch.hit:
                self._note(job.job_id, watch, at)
            self._watches[job.job_id] = _Watch(at, job.crawl, job.checkpoint, is_hit)

    def seen(self, standings: Iterable[Standing], *, at: float, slots_are_busy: bool) -> None:
        """Takes note of the jobs that have gone on."""
        for job in standings:
            watch = self._watches.get(job.job_id)
            if watch is None:
                continue
            if watch.is_over(job):
                self._note(job.job_id, self._watches.pop(job.job_id), at)
            elif job.due and slots_are_busy:
                watch.queued_seconds += at - max(self._looked_at, watch.killed_at)
        self._looked_at = at

    def give_up(self, *, at: float) -> None:
        """What has not gone on by now counts as long as it took until now."""
        while self._watches:
            self._note(*self._watches.popitem(), at)

    def _note(self, job_id: uuid.UUID, watch: _Watch, at: float) -> None:
        seconds = at - watch.killed_at - watch.queued_seconds
        (self.of_hit if watch.hit else self.of_others).append(seconds)
        waited = f", after {watch.queued_seconds:.1f} s for a slot" if watch.queued_seconds else ""
        self.tell(f"  job {job_id} went on in {seconds:.1f} s{waited}")


def percentile(seconds: Collection[float], part: float) -> float:
    """The least of the values that this part of them does not exceed; 0 of none."""
    if not seconds:
        return 0.0
    return sorted(seconds)[math.ceil(part * len(seconds)) - 1]
