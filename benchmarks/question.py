"""A question that a benchmark answers, who takes part in it, and what is to be reached."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.installation import Installation

#: What one turn of a contender gave, by the name of the measure.
Sample = Mapping[str, float]
Contender = Callable[[], Sample]


#: A measure that is a ratio by itself: what it was at the end over what it was at first.
GROWTH = "growth"


@dataclass(frozen=True)
class Measure:
    """One column of the table."""

    name: str
    unit: str
    #: Also show the value that one round in twenty exceeds.
    tail: bool = False
    #: More is better.
    more: bool = False


@dataclass(frozen=True)
class Reach:
    """What a figure of the first contender should keep; one row of what is promised."""

    row: str
    measure: str
    limit: float
    #: The figure as a multiple of this contender's; None = the figure itself.
    against: str | None = None
    at_least: bool = False
    #: Of the value that one round in twenty exceeds, not of the median.
    tail: bool = False
    #: The largest figure of all contenders, not that of the first.
    worst: bool = False

    @property
    def is_ratio(self) -> bool:
        return self.against is not None or self.measure == GROWTH


@dataclass(frozen=True)
class Question:
    """One benchmark."""

    #: As `--only` takes it.
    name: str
    title: str
    measures: tuple[Measure, ...]
    #: How often each contender has its turn unless `--rounds` says otherwise.
    rounds: int
    #: Prepares everything and gives the contenders by name, Kumo first; True = the quick form.
    prepare: Callable[["Installation", bool], AbstractContextManager[dict[str, Contender]]]
    #: False = the contenders are no rivals, and no ratio is shown.
    rivals: bool = True
    #: Takes long to prepare: asked when it is named, and in the quick form.
    long: bool = False
    #: A round beforehand that is not kept; False where a turn is long enough to warm itself.
    warm: bool = True
    reaches: tuple[Reach, ...] = ()
