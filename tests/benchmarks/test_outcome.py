"""Outcomes: what is kept is what is read again."""

from pathlib import Path
from typing import Any

from benchmarks.outcome import Outcome
from benchmarks.question import Measure, Question
from benchmarks.rounds import Rounds


def _no_contenders(*_: Any) -> Any:
    raise AssertionError("an outcome measures nothing")


QUESTION = Question("size", "How large", (Measure("weight", "kg"),), 3, _no_contenders)
ROUNDS = Rounds(("Kumo", "rival"), [{"Kumo": {"weight": 1.5}, "rival": {"weight": 3.0}}])


def test_what_was_kept_is_read_again(tmp_path: Path) -> None:
    Outcome(QUESTION, ROUNDS, (0.5, 1.0), quick=False).keep(tmp_path)
    read = Outcome.newest(tmp_path, QUESTION)
    assert read == Outcome(QUESTION, ROUNDS, (0.5, 1.0), quick=False)


def test_the_quick_form_is_no_figure(tmp_path: Path) -> None:
    Outcome(QUESTION, ROUNDS, (0.5, 1.0), quick=True).keep(tmp_path)
    assert Outcome.newest(tmp_path, QUESTION) is None
