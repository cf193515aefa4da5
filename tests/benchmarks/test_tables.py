"""Tables: what is shown of the figures."""

from dataclasses import replace
from typing import Any

from benchmarks import tables
from benchmarks.question import Measure, Question
from benchmarks.rounds import Rounds


def _no_contenders(*_: Any) -> Any:
    raise AssertionError("a table measures nothing")


QUESTION = Question("size", "How large", (Measure("weight", "kg", tail=True),), 3, _no_contenders)
ROUNDS = Rounds(("Kumo", "rival"), [{"Kumo": {"weight": 0.5}, "rival": {"weight": 1234.5}}])


def test_a_rival_shows_its_figure_and_ours_as_a_multiple_of_it() -> None:
    assert "1,234 (0.000405×)" in tables.plain(QUESTION, ROUNDS, quick=False)


def test_a_markdown_table_has_as_many_cells_in_each_row() -> None:
    lines = [
        line
        for line in tables.markdown(QUESTION, ROUNDS, quick=False).splitlines()
        if line.startswith("|")
    ]
    assert len(lines) == 4
    assert {line.count("|") for line in lines} == {4}


def test_the_quick_form_says_that_its_figures_mean_nothing() -> None:
    assert "figures mean nothing" in tables.plain(QUESTION, ROUNDS, quick=True)


def test_contenders_that_are_no_rivals_are_not_compared() -> None:
    pages = replace(QUESTION, rivals=False)
    assert "×" not in tables.plain(pages, ROUNDS, quick=False)
