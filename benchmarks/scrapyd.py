"""Scrapyd as a contender: the published one, in an environment of its own, asked by its API.

It is started within a Scrapy project, as its documentation allows, so no job unpacks an egg first.
"""

import json
import os
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import psutil
import psycopg2

from benchmarks import ports, processes
from benchmarks.failure import BenchmarkFailed
from benchmarks.installation import SLOTS, Installation

DEFAULT, TUNED = "Scrapyd, its defaults", "Scrapyd, tuned"

_PROGRAM = processes.PROJECT / ".venv" / "rivals" / "bin" / "scrapyd"
#: It looks for new jobs every five seconds and runs four at once on each core, unless it is told.
_TUNING = f"poll_interval = 0.1\nmax_proc = {SLOTS}\n"
_PROJECT = "shop"
_CONFIGURATION = """\
[scrapyd]
http_port = {port}
{tuning}
[settings]
{project} = benchmarks.rivals.commit_per_item
"""


@dataclass(frozen=True)
class Scrapyd:
    """A running Scrapyd."""

    process: psutil.Process
    url: str

    def schedule(self, target: str, url: str) -> None:
        form = {"project": _PROJECT, "spider": "shop", "start_url": url}
        answer = self._ask("schedule.json", form | {"setting": f"TARGET={target}"})
        if answer["status"] != "ok":
            raise BenchmarkFailed(f"Scrapyd schedules nothing: {answer}")

    def crawl(self, targets: Sequence[str], url: str, *, items: int) -> None:
        """Jobs for all of these at once; returns when all have stored that many items each."""
        _forget(targets)
        for target in targets:
            self.schedule(target, url)
        self._wait()
        if (stored := _stored(targets)) != items * len(targets):
            raise BenchmarkFailed(f"Scrapyd's jobs stored {stored} items of {items} each.")

    def _wait(self, *, seconds: float = 900) -> None:
        deadline = time.monotonic() + seconds
        while (status := self._ask("daemonstatus.json"))["pending"] or status["running"]:
            if time.monotonic() > deadline:
                raise BenchmarkFailed(f"Scrapyd was not done after {seconds:.0f} s.")
            # Each question costs it a millisecond or two.
            time.sleep(0.05)

    def _ask(self, path: str, form: dict[str, str] | None = None) -> Any:
        # No proxy of the environment stands between us and the loopback.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        data = urllib.parse.urlencode(form).encode() if form else None
        with opener.open(f"{self.url}/{path}", data, timeout=60) as answer:
            return json.load(answer)


def running(installation: Installation, name: str) -> Scrapyd:
    """The one that is `DEFAULT` or `TUNED`; whoever asks again gets the same."""
    return installation.shared(name, lambda: apart(installation, name, name))


@contextmanager
def apart(installation: Installation, kind: str, name: str) -> Iterator[Scrapyd]:
    """One that nobody else uses, under a name of its own."""
    if not _PROGRAM.exists():
        raise BenchmarkFailed(f"{_PROGRAM} is missing: `make bench` installs it.")
    folder = installation.home / name
    folder.mkdir(exist_ok=True)
    port, tuning = ports.free(), _TUNING if kind == TUNED else ""
    (folder / "scrapy.cfg").write_text(
        _CONFIGURATION.format(port=port, tuning=tuning, project=_PROJECT)
    )
    paths = {"PYTHONPATH": str(processes.PROJECT)}
    log = installation.home / f"{name}.log"
    with processes.running([str(_PROGRAM)], log, folder=folder, environment=paths) as process:
        processes.said(log, r"Scrapyd web console available")
        yield Scrapyd(process, f"http://127.0.0.1:{port}")


def _forget(targets: Sequence[str]) -> None:
    _execute("DELETE FROM items WHERE target = ANY (%s)", targets)


def _stored(targets: Sequence[str]) -> int:
    return int(_execute("SELECT count(*) FROM items WHERE target = ANY (%s)", targets)[0][0])


def _execute(statement: str, targets: Sequence[str]) -> list[tuple[Any, ...]]:
    with closing(psycopg2.connect(os.environ["RIVAL_DATABASE_URL"])) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(statement, [list(targets)])
        return cursor.fetchall() if cursor.description else []
