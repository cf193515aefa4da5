"""A question that a benchmark answers, and who takes part in it."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.installation import Installation

#: What one turn of a contender gave, by the name of the measure.
Sample = Mapping[str, float]
Contender = Callable[[], Sample]


@dataclass(frozen=True)
class Measure:
    """One column of the table."""

    name: str
    unit: str
    #: Also show the value that one round in twenty exceeds.
    tail: bool = False


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
