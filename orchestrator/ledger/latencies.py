"""Latencies: how long something took, counted by how long; pure functions.

Nobody keeps each of a million durations. A count for each range of them can be added up over
crawls, workers and days, and still says how many took longer than one would like.
"""

from bisect import bisect_left
from collections.abc import Mapping

#: The upper ends of the ranges, in seconds; what took longer than the last is counted beyond it.
BOUNDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
BEYOND = "inf"

#: What is counted so.
CHECKPOINT, FRONTIER, SWEEP = "checkpoint", "frontier", "sweep"

_NAMES = (*(f"{bound:g}" for bound in BOUNDS), BEYOND)
_SUM = "sum"


class Latencies:
    """Durations of one thing, since this process began with it."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._counts = [0] * len(_NAMES)
        self._seconds = 0.0

    def add(self, seconds: float) -> None:
        self._counts[bisect_left(BOUNDS, seconds)] += 1
        self._seconds += seconds

    def amounts(self) -> dict[str, float]:
        """All so far, as tallies hold them; ranges in which nothing fell are left out."""
        counts = zip(_NAMES, self._counts, strict=True)
        counted: dict[str, float] = {f"{self._what}/{name}": n for name, n in counts if n}
        if counted:
            counted[f"{self._what}/{_SUM}"] = round(self._seconds, 6)
        return counted


def of(what: str, totals: Mapping[str, float]) -> tuple[list[tuple[str, float]], float]:
    """How many took so long or less, by the end of each range, and all seconds together."""
    reached, upto = 0.0, []
    for name in _NAMES:
        reached += totals.get(f"{what}/{name}", 0)
        upto.append((name, reached))
    return upto, totals.get(f"{what}/{_SUM}", 0)
