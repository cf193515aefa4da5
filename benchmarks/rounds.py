"""Rounds: each contender has one turn in each, so that a busy moment hits all of them alike."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

from benchmarks.question import Contender, Sample


@dataclass(frozen=True)
class Rounds:
    """What the contenders did, round by round; the first contender is Kumo."""

    contenders: tuple[str, ...]
    samples: list[dict[str, Sample]]

    def median(self, contender: str, measure: str) -> float:
        return median(self._values(contender, measure))

    def tail(self, contender: str, measure: str) -> float:
        """The 95th percentile, by nearest rank."""
        values = sorted(self._values(contender, measure))
        return values[math.ceil(len(values) * 0.95) - 1]

    def ratio(self, contender: str, measure: str) -> float | None:
        """Kumo's figure over this one's: the median of the ratios within each round."""
        ours = self._values(self.contenders[0], measure)
        theirs = self._values(contender, measure)
        if not ours or not theirs or 0 in theirs:
            return None
        return median(our / their for our, their in zip(ours, theirs, strict=True))

    def has(self, contender: str, measure: str) -> bool:
        return bool(self._values(contender, measure))

    def _values(self, contender: str, measure: str) -> list[float]:
        return [each[contender][measure] for each in self.samples if measure in each[contender]]


def play(
    contenders: Mapping[str, Contender],
    count: int,
    *,
    warm: bool,
    tell: Callable[[str], None],
) -> Rounds:
    """So many rounds; who begins changes each time. `warm`: one round more that is not kept."""
    names = tuple(contenders)
    samples: list[dict[str, Sample]] = []
    for number in range(-1 if warm else 0, count):
        tell(f"round {number + 1} of {count}" if number >= 0 else "warming up")
        turn = number % len(names)
        order = names[turn:] + names[:turn]
        taken = {name: contenders[name]() for name in order}
        if number >= 0:
            samples.append(taken)
    return Rounds(names, samples)
