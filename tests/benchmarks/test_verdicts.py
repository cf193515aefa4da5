"""Verdicts: what was reached, of which figure."""

from typing import Any

import pytest

from benchmarks import verdicts
from benchmarks.question import Measure, Question, Reach
from benchmarks.rounds import Rounds


def _no_contenders(*_: Any) -> Any:
    raise AssertionError("a verdict measures nothing")


def _verdict(reach: Reach, rounds: Rounds | None) -> verdicts.Verdict:
    measures = (Measure("time", "ms"),)
    question = Question("speed", "How fast", measures, 3, _no_contenders, reaches=(reach,))
    (verdict,) = verdicts.of(question, rounds)
    return verdict


ROUNDS = Rounds(
    ("Kumo", "rival"),
    [{"Kumo": {"time": ours}, "rival": {"time": theirs}} for ours, theirs in ((1, 4), (3, 4))],
)


@pytest.mark.parametrize(
    ("reach", "seen", "held"),
    [
        (Reach("itself", "time", 2), 2, True),
        (Reach("itself", "time", 1.9), 2, False),
        (Reach("against a rival", "time", 0.5, against="rival"), 0.5, True),
        (Reach("its tail", "time", 0.5, against="rival", tail=True), 0.75, False),
        (Reach("more is better", "time", 0.6, against="rival", at_least=True), 0.5, False),
        (Reach("the worst of all", "time", 3, worst=True), 4, False),
    ],
    ids=lambda value: value.row if isinstance(value, Reach) else None,
)
def test_a_reach_is_held_or_not(reach: Reach, seen: float, held: bool) -> None:
    verdict = _verdict(reach, ROUNDS)
    assert verdict.seen == seen
    assert verdict.held is held


def test_nobody_has_looked_is_no_verdict() -> None:
    assert _verdict(Reach("itself", "time", 2), None).held is None


def test_a_rival_that_took_no_part_gives_no_verdict() -> None:
    assert _verdict(Reach("against it", "time", 2, against="another"), ROUNDS).held is None
