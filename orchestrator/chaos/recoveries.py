"""How long jobs take to go on after a kill.

A job that was hit has recovered when a LATER attempt has committed a checkpoint, or it has ended;
one that was not, with a checkpoint surely made after the kill. When a later attempt is hit before
it has committed, the clock of that job begins anew: it had been taken up again.
"""

import math
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from orchestrator.ledger.evidence import Standing
from orchestrator.ledger.models import JobStatus


@dataclass(frozen=True, slots=True)
class _Watch:
    """A job that ran at a kill and has not been seen to go on."""

    killed_at: float
    attempt: int
    checkpoint: int
    hit: bool

    def is_over(self, now: Standing) -> bool:
        if now.status.is_final:
            return True
        if now.attempt > self.attempt:
            return now.checkpoint > 0
        # One more may have been committed between our look and the kill.
        return not self.hit and now.checkpoint > self.checkpoint + 1


@dataclass
class Recoveries:
    """The seconds of each recovery; times are those of one monotonic clock."""

    of_hit: list[float] = field(default_factory=list)
    of_others: list[float] = field(default_factory=list)
    _watches: dict[uuid.UUID, _Watch] = field(default_factory=dict)

    def struck(
        self, standings: Iterable[Standing], hit: Collection[uuid.UUID], *, at: float
    ) -> None:
        """A kill at that time; the standings are as of then, `hit` the jobs it deprived."""
        for job in standings:
            if job.status is not JobStatus.RUNNING:
                continue
            before = self._watches.get(job.job_id)
            is_new = before is None or (not before.hit or job.attempt > before.attempt)
            if before is None or (job.job_id in hit and is_new):
                self._watches[job.job_id] = _Watch(
                    at, job.attempt, job.checkpoint, job.job_id in hit
                )

    def seen(self, standings: Iterable[Standing], *, at: float) -> None:
        """Takes note of the jobs that have gone on."""
        for job in standings:
            watch = self._watches.get(job.job_id)
            if watch is not None and watch.is_over(job):
                self._note(self._watches.pop(job.job_id), at)

    def give_up(self, *, at: float) -> None:
        """What has not gone on by now counts as long as it took until now."""
        while self._watches:
            self._note(self._watches.popitem()[1], at)

    def _note(self, watch: _Watch, at: float) -> None:
        (self.of_hit if watch.hit else self.of_others).append(at - watch.killed_at)


def percentile(seconds: Collection[float], part: float) -> float:
    """The least of the values that this part of them does not exceed; 0 of none."""
    if not seconds:
        return 0.0
    return sorted(seconds)[math.ceil(part * len(seconds)) - 1]
