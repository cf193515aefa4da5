"""Candidates: where else a field could be read, each with what it gives there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
MOST = 5
#: Less than this is a guess that helps nobody.
_WORTH_SHOWING = 0.25


@dataclass(frozen=True, slots=True)
class Candidate:
    """A correction, and what it reads from the new page before cleaning."""

    place: Json
    values: tuple[str | None, ...]
    score: float


def best(found: Iterable[Candidate]) -> list[Candidate]:
    """The best first; of several that read the same only the best."""
    ranked = sorted(found, key=lambda each: (-each.score, len(str(each.place))))
    by_values: dict[Sequence[str | None], Candidate] = {}
    for each in ranked:
        if each.score >= _WORTH_SHOWING:
            by_values.setdefault(each.values, each)
    return list(by_values.values())[:MOST]
