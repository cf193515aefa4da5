"""Tables: what is shown of the figures."""

from dataclasses import replace
from typing import Any

from benchmarks import tables, verdicts
from benchmarks.outcome import Outcome
from benchmarks.question import Measure, Question, Reach
from benchmarks.rounds import Rounds


def _no_contenders(*_: Any) -> Any:
    raise AssertionError("a table measures nothing")


QUESTION = Question("size", "How large", (Measure("weight", "kg", tail=True),), 3, _no_contenders)
ROUNDS = Rounds(("Kumo", "rival"), [{"Kumo": {"weight": 0.5}, "rival": {"weight": 1234.5}}])


def _outcome(question: Question = QUESTION, *, quick: bool = False) -> Outcome:
    return Outcome(question, ROUNDS, (0.5, 1.0), quick)


def test_a_rival_shows_its_figure_and_ours_as_a_multiple_of_it() -> None:
    assert "1,234 (0.000405×)" in tables.plain(_outcome())


def test_a_markdown_table_has_as_many_cells_in_each_row() -> None:
    lines = [line for line in tables.markdown(_outcome()).splitlines() if line.startswith("|")]
    assert len(lines) == 4
    assert {line.count("|") for line in lines} == {4}


def test_the_quick_form_says_that_its_figures_mean_nothing() -> None:
    assert "figures mean nothing" in tables.plain(_outcome(quick=True))


def test_contenders_that_are_no_rivals_are_not_compared() -> None:
    pages = replace(QUESTION, rivals=False)
    assert "×" not in tables.plain(_outcome(pages))


def test_the_table_of_rows_tells_what_was_asked_for_and_what_was_seen() -> None:
    reach = Reach("how heavy", "weight", 0.055, against="rival")
    found = verdicts.of(replace(QUESTION, reaches=(reach,)), ROUNDS)
    expected = "| how heavy | size | ≤ 0.055× of rival | 0.000405× | yes |"
    assert expected in tables.markdown_verdicts(found)


def test_a_figure_by_itself_has_its_unit() -> None:
    found = verdicts.of(replace(QUESTION, reaches=(Reach("how heavy", "weight", 0.4),)), ROUNDS)
    assert "| how heavy | size | ≤ 0.4 kg | 0.5 kg | no |" in tables.markdown_verdicts(found)
