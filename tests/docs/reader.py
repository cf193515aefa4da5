"""Somebody who reads the documents in the folder of Kumo, and types what they say."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2

from orchestrator.embedded import kept, processes
from tests.docs import pages
from tests.docs.pages import ROOT, Step
from tests.orchestrator.embedded.installation import Installation

#: The first command that fails ends it, and the number before it tells which.
_SCRIPT = "set -eo pipefail\nexec 2>&1\n{typed}printf '\\n@@ end\\n'\n"
_STEP = re.compile(r"\n@@ (\w+)\n")


class Reader:
    """A home with a folder of Kumo in it, where `kumo up` runs."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.folder = home / "kumo"
        self.folder.mkdir()
        for name in (".venv", "scrapy.cfg", "deploy"):
            there = Path(sys.executable).parents[1] if name == ".venv" else ROOT / name
            (self.folder / name).symlink_to(there)
        self._scrapyd_port = str(kept.free_port())
        self.installation = Installation(
            self.folder / ".kumo", KUMO_SCRAPYD_PORT=self._scrapyd_port, **self._own_spiders()
        )

    @contextmanager
    def started(self) -> Iterator["Reader"]:
        try:
            self.installation.start().ready()
            yield self
        finally:
            # Nothing of it is needed again, and an orderly end takes seconds.
            self.installation.stop(signal.SIGKILL)
            while left := self.installation.everything():
                processes.kill(left)

    def types(self, steps: list[Step]) -> list[str]:
        """What each step said; AssertionError for the first that fails."""
        typed = "".join(f"printf '\\n@@ {n}\\n'\n{step.typed}" for n, step in enumerate(steps))
        done = subprocess.run(
            # What was said before the time was over tells what went wrong.
            ["timeout", "200", "bash", "-c", _SCRIPT.format(typed=self._here(typed))],
            cwd=self.folder, env=self._environment(), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        # Before the first step nothing is said.
        _, *parts = _STEP.split(done.stdout)
        said = parts[1::2]
        assert parts[-2:-1] == ["end"], f"line {steps[len(said) - 1].line} failed:\n{said[-1]}"
        return [self._there(each) for each in said[:-1]]

    def started_with(self) -> str:
        """What `kumo up` said."""
        return self._there(self.installation.said())

    def asks(self, query: str) -> list[Any]:
        """The first field of each row that the database answers with."""
        url = self.recorded()["database_url"].replace("+psycopg2", "")
        with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return [row[0] for row in cursor.fetchall()]

    def recorded(self) -> dict[str, Any]:
        """What `kumo up` wrote down."""
        recorded: dict[str, Any] = json.loads((self.folder / ".kumo" / "running.json").read_text())
        return recorded

    def _addresses(self) -> dict[str, str]:
        """The addresses of the documents, and those of this installation."""
        port = self.installation.environment["PORT"]
        return {
            "127.0.0.1:8000": f"127.0.0.1:{port}",
            "127.0.0.1:8001": self.recorded()["demo_url"].removeprefix("http://"),
            "127.0.0.1:6800": f"127.0.0.1:{self._scrapyd_port}",
        }

    def _here(self, text: str) -> str:
        for documented, actual in self._addresses().items():
            text = text.replace(documented, actual)
        return text

    def _there(self, text: str) -> str:
        for documented, actual in self._addresses().items():
            text = text.replace(actual, documented)
        return text

    def _own_spiders(self) -> dict[str, str]:
        """Where the pages put theirs, as if Kumo had been started again in between."""
        folders = (self.folder, self.home / "shopwatch")
        for folder in folders:
            # A folder that was not there when a process began is not looked into.
            folder.mkdir(parents=True, exist_ok=True)
        return {
            "PYTHONPATH": ":".join(map(str, folders)),
            "KUMO_SPIDER_MODULES": "shelves,shopwatch.spiders",
        }

    def _environment(self) -> dict[str, str]:
        ours = ("KUMO_", "PYTHON", "VIRTUAL_ENV")
        kept_as_is = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
        path = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(self.home)}
        return kept_as_is | path | self._own_spiders()


def read(reader: Reader, page: Path) -> list[str]:
    """What a page has and Kumo did not say; raises when a command of it fails."""
    steps = pages.steps(page)
    said = reader.types(steps) if steps else []
    return [
        f"line {step.line}: {step.typed}{words}"
        for step, words in zip(steps, said, strict=True)
        if step.says is not None and not pages.fits(step.says, words)
    ]
