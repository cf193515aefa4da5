"""Norms: what is usual of a number, told from earlier runs.

The median and the median distance from it (MAD) are used, which one odd run does not move. A norm
is wide on purpose: a night has a hundred numbers, and who is woken by chance stops listening.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median

#: Fewer earlier runs say nothing.
FEWEST = 5
#: A number may be so many standard deviations, as the MAD tells them, from the median.
_DEVIATIONS = 4 * 1.4826


@dataclass(frozen=True, slots=True)
class Norm:
    """The range of what is usual."""

    median: float
    low: float
    high: float
    #: What the earlier runs had, one odd run aside.
    lowest: float
    highest: float
    #: Also usual: what a person accepted, and what there was on the same weekday.
    excused: tuple[float, ...]
    #: How near to it that is.
    near: float

    def is_below(self, value: float) -> bool:
        return value < self.low and not self._is_excused(value)

    def is_above(self, value: float) -> bool:
        return value > self.high and not self._is_excused(value)

    def is_outside(self, value: float) -> bool:
        return self.is_below(value) or self.is_above(value)

    def _is_excused(self, value: float) -> bool:
        return any(abs(value - each) <= self.near for each in self.excused)


def norm(
    values: Sequence[float], *, least: float, chance: float = 0, excused: Sequence[float] = ()
) -> Norm | None:
    """What is usual after these values; None when they are too few.

    It is at least `least` wide to each side, below which a difference matters to nobody, and at
    least `chance`, which is how far numbers of so few items stray by themselves. It is also twice
    as wide as the earlier runs strayed, the oddest of them aside.
    """
    if len(values) < FEWEST:
        return None
    middle = median(values)
    apart = sorted(abs(value - middle) for value in values)
    width = max(_DEVIATIONS * median(apart), 2 * apart[-2], least, chance)
    near = [value for value in values if abs(value - middle) <= apart[-2]]
    return Norm(
        middle,
        middle - width,
        middle + width,
        min(near),
        max(near),
        excused=tuple(excused),
        near=max(least, chance),
    )


def straying(share: float, among: int) -> float:
    """How far the share of so few items strays by chance: four standard deviations.

    A share that was never seen to vary is taken for one that might have, once.
    """
    likely = (share * among + 1) / (among + 2)
    return 4 * sqrt(likely * (1 - likely) / max(among, 1))


def straying_median(quarters: float, among: int) -> float:
    """How far the median of so few values strays by chance, of which half lie within `quarters`."""
    return 4 * 1.2533 * quarters / 1.349 / sqrt(max(among, 1))
