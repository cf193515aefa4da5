"""How much of everything, and how it is spread over the targets."""

from dataclasses import dataclass

#: Of the whole: the one large target, and each of the few that follow it.
_LARGEST, _LARGE, _HOW_MANY_LARGE = 0.1, 0.01, 5
#: One target is crawled every few minutes; its part of all jobs.
_BUSIEST = 0.05


@dataclass(frozen=True)
class Share:
    """What one target has."""

    target: int
    jobs: int
    items: int


@dataclass(frozen=True)
class Amounts:
    """The number of rows in each table; `scale` 1 is the promise."""

    scale: float = 1

    @property
    def targets(self) -> int:
        return max(self.of(500), 12)

    @property
    def busy_log(self) -> int:
        """The lines of the job that logged most."""
        return max(self.of(10_000), 500)

    def of(self, number: int) -> int:
        return max(round(number * self.scale), 1)

    def shares(self) -> list[Share]:
        """By target; the last one is new and has nothing yet."""
        filled = self.targets - 1
        jobs, items = self.of(1_000_000), self.of(10_000_000)
        few = _HOW_MANY_LARGE
        most, many = round(items * _LARGEST), round(items * _LARGE)
        sizes = [most, *[many] * few, *_evenly(items - most - few * many, filled - 1 - few)]
        busiest = round(jobs * _BUSIEST)
        counts = [*_evenly(jobs - busiest, filled - 1)]
        counts.insert(1, busiest)
        pairs = zip(counts, sizes, strict=True)
        return [
            *(Share(number, *pair) for number, pair in enumerate(pairs, start=1)),
            Share(self.targets, 0, 0),
        ]


def _evenly(total: int, parts: int) -> list[int]:
    return [total // parts + (place < total % parts) for place in range(parts)]
