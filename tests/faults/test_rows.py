"""Every promise has its tests, every test its mechanism, and the page tells of all of them."""

import re
from datetime import date
from pathlib import Path

import pytest

from tests.faults import marked, record
from tests.faults.injection import INJECTED
from tests.faults.judging import Counts
from tests.faults.marked import Marked
from tests.faults.record import PAGE


@pytest.fixture(scope="module")
def tests() -> list[Marked]:
    return marked.collected()


@pytest.fixture
def mechanisms(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Their names, group by group."""
    monkeypatch.syspath_prepend(INJECTED)
    from mechanisms import groups

    return [name for group in groups().values() for name in group]


def _rows() -> dict[str, set[str]]:
    """What the page promises; a row such as F19–F22 stands for four."""
    found = re.findall(r"^\| F(\d+)(?:–F(\d+))? \|", PAGE.read_text(), re.MULTILINE)
    return {
        f"F{first}–F{last}" if last else f"F{first}": {
            f"F{number}" for number in range(int(first), int(last or first) + 1)
        }
        for first, last in found
    }


def test_every_row_of_the_page_is_shown_by_a_test(tests: list[Marked]) -> None:
    shown = {row for test in tests for row in test.rows}
    assert [row for row, numbers in _rows().items() if not numbers & shown] == []


def test_every_row_that_a_test_shows_is_on_the_page(tests: list[Marked]) -> None:
    promised = set().union(*_rows().values())
    assert [test for test in tests if not test.rows or set(test.rows) - promised] == []


def test_every_mechanism_is_there_once_and_some_test_fails_without_it(
    tests: list[Marked], mechanisms: list[str]
) -> None:
    assert len(mechanisms) == len(set(mechanisms))
    assert {name for test in tests for name in test.off} == set(mechanisms)


def test_a_shard_that_is_run_again_replaces_its_row(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"Before.\n\n{record.HEADER}\n|---|\n\nAfter.\n")
    order, day = ["one", "two"], date(2026, 11, 22)
    for shard, pages in (("two", 10), ("one", 1_000), ("two", 20)):
        record.put(record.row(shard, day, Counts(runs=1, pages=pages)), order, page)
    lines = page.read_text().splitlines()
    assert [line.split(" | ")[:5] for line in lines[4:6]] == [
        ["| one", "2026-11-22", "1", "0", "1,000"],
        ["| two", "2026-11-22", "1", "0", "20"],
    ]
    assert lines[:2] + lines[6:] == ["Before.", "", "", "After."]


def test_a_row_says_when_a_count_is_not_zero() -> None:
    day = date(2026, 11, 22)
    assert record.row("one", day, Counts()).endswith("| all zeros |")
    for wrong in (Counts(missing=1), Counts(stuck=1), Counts(run_twice=1), Counts(evidence=["no"])):
        assert record.row("one", day, wrong).endswith("| **not all zeros** |")
    assert "**3 of 4" in record.row_of_mechanisms("mechanisms", day, 3, 4)
