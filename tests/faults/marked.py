"""The tests that show a promise: which rows, and which mechanism each of them fails without."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.workers import ROOT

_INTO = "KUMO_TEST_MARKED_INTO"


@dataclass(frozen=True)
class Marked:
    """A test with one mark `fault(*rows, off=mechanisms)`."""

    test: str
    rows: tuple[str, ...]
    off: tuple[str, ...]
    #: How often it is run without the mechanism at the most, where one run may pass by luck.
    tries: int


def collected(*options: str) -> list[Marked]:
    """The marked tests, as pytest collects them with these options, `-k` for example."""
    with TemporaryDirectory(prefix="kumo-marked-") as folder:
        into = Path(folder) / "marked.json"
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "tests/faults", "--collect-only", "-q",
             "-p", "tests.faults.marked", *options],
            cwd=ROOT, env=os.environ | {_INTO: str(into)}, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        if done.returncode not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            raise RuntimeError(f"The tests cannot be collected:\n{done.stdout}{done.stderr}")
        found = json.loads(into.read_text())
    return [
        Marked(each["test"], tuple(each["rows"]), tuple(each["off"]), each["tries"])
        for each in found
    ]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Asked of this module as a plugin of pytest."""
    if into := os.environ.get(_INTO):
        found = [asdict(marked) for item in session.items for marked in _marks(item)]
        Path(into).write_text(json.dumps(found))


def _marks(item: pytest.Item) -> Sequence[Marked]:
    return [
        Marked(item.nodeid, mark.args, _names(mark.kwargs["off"]), mark.kwargs.get("tries", 1))
        for mark in item.iter_markers("fault")
    ]


def _names(off: str | Sequence[str]) -> tuple[str, ...]:
    return (off,) if isinstance(off, str) else tuple(off)
