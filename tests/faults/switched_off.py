"""Runs each marked test without its mechanism: it must fail, or it would show nothing.

A test that breaks before it begins has shown nothing either; so only a failure of the test itself
counts, not one of its set-up.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

from tests.faults import marked
from tests.faults.injection import without
from tests.faults.marked import Marked
from tests.pair import Pair
from tests.workers import ROOT


@dataclass(frozen=True)
class Shown:
    """What a test did without a mechanism."""

    test: str
    mechanism: str
    #: The first line of the failure; None when it passed.
    failure: str | None
    #: Why the test did not even begin; None when it did.
    broken: str | None = None

    @property
    def as_it_should(self) -> bool:
        return self.failure is not None

    def __str__(self) -> str:
        if self.broken:
            return f"{self.test} without {self.mechanism}: BROKE BEFORE IT BEGAN: {self.broken}"
        outcome = f"failed as it should: {self.failure}" if self.failure else "STILL PASSES"
        return f"{self.test} without {self.mechanism}: {outcome}"


def run_all(pairs: Sequence[Pair], *options: str) -> Iterator[Shown]:
    """Each marked test without each of its mechanisms, in a pytest of its own; one on each pair."""
    free: Queue[Pair] = Queue()
    for pair in pairs:
        free.put(pair)

    def tried(test: Marked, mechanism: str) -> Shown:
        pair = free.get()
        try:
            return _tried(test, mechanism, pair)
        finally:
            free.put(pair)

    cases = [(test, name) for test in marked.collected(*options) for name in test.off]
    with ThreadPoolExecutor(len(pairs)) as pool:
        yield from pool.map(tried, *zip(*cases, strict=True))


def _tried(test: Marked, mechanism: str, pair: Pair) -> Shown:
    for _ in range(test.tries):
        shown = _run(test.test, mechanism, pair)
        if shown.as_it_should or shown.broken:
            break
    return shown


def _run(test: str, mechanism: str, pair: Pair) -> Shown:
    here = {"DATABASE_URL": pair.database_url, "REDIS_URL": pair.redis_url}
    with TemporaryDirectory(prefix="kumo-off-") as folder:
        report = Path(folder) / "report.xml"
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", test, f"--junitxml={report}"],
            cwd=ROOT, env=os.environ | here | without(mechanism), capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        if not report.exists():
            return Shown(test, mechanism, None, broken=(done.stdout + done.stderr)[-500:])
        return _read(test, mechanism, ElementTree.parse(report))


def _read(
    test: str, mechanism: str, report: "ElementTree.ElementTree[ElementTree.Element]"
) -> Shown:
    failure, error = report.find(".//failure"), report.find(".//error")
    if failure is not None:
        return Shown(test, mechanism, _first_line(failure))
    return Shown(test, mechanism, None, broken=None if error is None else _first_line(error))


def _first_line(element: ElementTree.Element) -> str:
    return element.get("message", "").partition("\n")[0][:200]
