"""Whether what was to be reached was: the table of rows."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.question import Question, Reach
from benchmarks.rounds import Rounds


@dataclass(frozen=True)
class Verdict:
    """One row: what was asked for, and what was seen; None = nobody has looked yet."""

    question: Question
    reach: Reach
    seen: float | None

    @property
    def held(self) -> bool | None:
        if self.seen is None:
            return None
        if self.reach.at_least:
            return self.seen >= self.reach.limit
        return self.seen <= self.reach.limit


def of(question: Question, rounds: Rounds | None) -> list[Verdict]:
    """A verdict for each of the question's rows."""
    return [Verdict(question, each, _seen(each, rounds)) for each in question.reaches]


def _seen(reach: Reach, rounds: Rounds | None) -> float | None:
    if rounds is None:
        return None
    first = rounds.contenders[0]
    if reach.against is None:
        return max(_figures(reach, rounds, rounds.contenders if reach.worst else (first,)))
    if reach.against not in rounds.contenders:
        return None
    if not reach.tail:
        return rounds.ratio(reach.against, reach.measure)
    ours, theirs = _figures(reach, rounds, (first, reach.against))
    return ours / theirs


def _figures(reach: Reach, rounds: Rounds, contenders: Sequence[str]) -> list[float]:
    figure = rounds.tail if reach.tail else rounds.median
    return [figure(each, reach.measure) for each in contenders]
