"""What the two embedded servers have in common: a command, an address, an answer to wait for.

A server is only described here, never started: `kumo up` hands the command to the supervisor,
and the tests start it themselves.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from orchestrator.exceptions import EmbeddedFailed


@dataclass(frozen=True)
class Server:
    """An embedded server that is prepared and can be started in the foreground."""

    name: str  #: As people know it.
    command: tuple[str, ...]  #: Runs in the foreground until it is signalled.
    folder: Path  #: Its data; also its working directory.
    url: str  #: Its address, with the password in it.
    problem: Callable[[], str | None]  #: Why it does not answer; None once it does.

    def wait(self, seconds: float = 60, hopeless: Callable[[], object] = lambda: False) -> None:
        """Returns when the server answers; raises EmbeddedFailed when it will not.

        `hopeless` tells whether waiting longer is of no use.
        """
        deadline = time.monotonic() + seconds
        while (problem := self.problem()) is not None:
            if time.monotonic() > deadline or hopeless():
                raise EmbeddedFailed(f"{self.name} in {self.folder} does not start: {problem}")
            time.sleep(0.05)
