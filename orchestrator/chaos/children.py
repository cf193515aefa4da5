"""What the storm starts itself: the installation and the site, as processes with a log each.

In sessions of their own, so that a Ctrl-C in the terminal reaches us alone; and tied to us, so that
they end even when we are killed.
"""

import re
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from orchestrator.chaos.interruption import Interruption
from orchestrator.embedded.programs import PROJECT
from orchestrator.exceptions import EmbeddedFailed

#: SIGTERM, which lets `kumo up` stop what it has started.
_END_WITH_US = ("setpriv", "--pdeathsig", "TERM")


class Child:
    """A process of ours and what it says."""

    def __init__(self, name: str, command: Sequence[str], log: Path) -> None:
        self.name = name
        self.log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [*_END_WITH_US, *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=PROJECT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def said(self, pattern: str, interruption: Interruption, *, seconds: float) -> str:
        """The first group of a pattern, as soon as the process says it.

        Raises EmbeddedFailed when it never does.
        """
        deadline = time.monotonic() + seconds
        while not (found := re.search(pattern, self._text())):
            if self.has_ended or time.monotonic() > deadline:
                raise EmbeddedFailed(self.last_words())
            interruption.wait(0.1)
        return found[1]

    def last_words(self) -> str:
        """Why it is not what it should be, in its own words."""
        lines = [line for line in self._text().splitlines() if line.strip()] or ["nothing at all"]
        said = next((line for line in lines if line.startswith("Error: ")), lines[-1])
        return f"{self.name} is not running; it said: {said.removeprefix('Error: ')}"

    def terminate(self) -> None:
        self._process.terminate()

    def wait(self, seconds: float) -> bool:
        """True once it has ended; False when it has not after so long."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def _text(self) -> str:
        return self.log.read_text(errors="replace")
