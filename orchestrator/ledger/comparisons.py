"""Comparisons: a job's profile beside those of earlier runs, and what of them can be compared."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import exp, log
from statistics import median

from orchestrator.ledger.norms import FEWEST, Norm, norm, straying
from orchestrator.ledger.profiles import FieldProfile, Profile

#: What changes has a rhythm; runs within so short a time do not know it.
_RHYTHM_SECONDS = 2.5 * 86_400
#: Times that differ by more than this factor are not as long as each other.
_AS_LONG = 2.5


@dataclass(frozen=True)
class Case:
    """A job's profile and those it is held against."""

    now: Profile
    #: Of the last good runs, newest first.
    earlier: Sequence[Profile]
    #: Of runs that a person accepted, and of good ones of the same weekday and hour.
    excusing: Sequence[Profile] = ()

    @property
    def runs(self) -> int:
        return len(self.earlier)

    @cached_property
    def with_changes(self) -> Sequence[Profile]:
        """Earlier jobs whose changes can be held against this one's; empty when none can.

        How much changes depends on how long nobody has looked, and on the hour and the day.
        """
        gaps = [each.gap_seconds for each in self.earlier if each.known and each.gap_seconds]
        if self.now.gap_seconds is None or len(gaps) < FEWEST - 1 or sum(gaps) < _RHYTHM_SECONDS:
            return ()
        usual = median(gaps)
        if not usual / _AS_LONG <= self.now.gap_seconds <= usual * _AS_LONG:
            return ()
        return [each for each in self.earlier if each.known]

    def field(self, name: str) -> list[tuple[Profile, FieldProfile]]:
        return [(each, each.fields[name]) for each in self.earlier if name in each.fields]

    def excuses(self, value: Callable[[Profile], float | None]) -> list[float]:
        return [found for each in self.excusing if (found := value(each)) is not None]


def numbers_of(case: Case, usual: Norm, now: float, *, unlog: bool = False) -> dict[str, float]:
    lowest, highest = usual.lowest, usual.highest
    if unlog:
        lowest, highest = exp(lowest), exp(highest)
    return {"now": now, "lowest": lowest, "highest": highest, "runs": case.runs}


def share_norm(
    case: Case,
    shares: Sequence[float],
    least: float,
    value: Callable[[Profile], float | None],
    among: int,
) -> Norm | None:
    if len(shares) < FEWEST:
        return None
    chance = straying(median(shares), among)
    return norm(shares, least=least, chance=chance, excused=case.excuses(value))


def log_norm(
    case: Case, value: Callable[[Profile], float | None], least: float, *, chance: float = 0
) -> Norm | None:
    def logged(each: Profile) -> float | None:
        found = value(each)
        return log(found) if found and found > 0 else None

    values = [found for each in case.earlier if (found := logged(each)) is not None]
    return norm(values, least=least, chance=chance, excused=case.excuses(logged))


def field_norm(
    case: Case,
    name: str,
    value: Callable[[FieldProfile], float | None],
    least: float,
    *,
    earlier: Sequence[Profile],
    chance: float = 0,
) -> Norm | None:
    def of_field(each: Profile) -> float | None:
        return value(each.fields[name]) if name in each.fields else None

    narrowed = Case(case.now, earlier, case.excusing)
    return log_norm(narrowed, of_field, least, chance=chance)
