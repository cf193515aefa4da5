"""The rows of docs/reliability.md that tell what the long form has seen, one for each shard."""

import fcntl
from collections.abc import Sequence
from datetime import date
from itertools import takewhile
from pathlib import Path

from tests.faults.judging import Counts
from tests.workers import ROOT

PAGE = ROOT / "docs" / "reliability.md"
HEADER = (
    "| shard | date | runs | kills | pages | missing | double | stuck | wrong counts"
    " | false successes | failed | run twice | worst recovery | outcome |"
)


def row(shard: str, day: date, counts: Counts) -> str:
    """What a shard has counted."""
    seen = (counts.runs, counts.kills, counts.pages, counts.missing, counts.duplicates,
            counts.stuck, counts.wrong_counts, counts.false_successes, counts.failed,
            counts.run_twice)  # fmt: skip
    outcome = "all zeros" if counts.is_clean else "**not all zeros**"
    worst = f"{counts.worst_recovery_seconds:.1f} s"
    return _line(shard, day, *(f"{number:,}" for number in seen), worst, outcome)


def row_of_mechanisms(shard: str, day: date, failed: int, tests: int) -> str:
    """How many tests failed without the mechanism they are about."""
    nothing = ["–"] * 10
    told = f"{failed} of {tests} failed as they should"
    return _line(shard, day, tests, *nothing, told if failed == tests else f"**{told}**")


def put(row: str, order: Sequence[str], page: Path = PAGE) -> None:
    """Writes the row into the table, in the order of the shards; an earlier one of it goes."""
    with page.open("r+") as file:
        # Two shards may end at once.
        fcntl.flock(file, fcntl.LOCK_EX)
        lines = _with_row(file.read().splitlines(), row, order)
        file.seek(0)
        file.truncate()
        file.write("\n".join(lines) + "\n")


def _with_row(lines: list[str], row: str, order: Sequence[str]) -> list[str]:
    first = lines.index(HEADER) + 2
    before = list(takewhile(lambda line: line.startswith("|"), lines[first:]))
    rows = {_shard(line): line for line in [*before, row]}
    ordered = [rows[shard] for shard in order if shard in rows]
    return [*lines[:first], *ordered, *lines[first + len(before) :]]


def _line(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _shard(line: str) -> str:
    return line.split("|")[1].strip()
