"""Ctrl-C as something to look at between two steps.

As an exception it could come between the start of a process and the note that it runs, and that
process would be left behind.
"""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_STEP_SECONDS = 0.1


class Interruption:
    """Whether somebody asked us to stop."""

    def __init__(self) -> None:
        # A plain flag: an Event's lock may be held by the very wait that a signal interrupts.
        self._asked = False

    def ask(self, _signal: int = signal.SIGINT, _frame: FrameType | None = None) -> None:
        self._asked = True

    def check(self) -> None:
        """Raises KeyboardInterrupt once somebody asked us to stop."""
        if self._asked:
            raise KeyboardInterrupt

    def wait(self, seconds: float) -> None:
        """Sleeps so long. Raises KeyboardInterrupt soon after somebody asked us to stop."""
        until = time.monotonic() + seconds
        self.check()
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _STEP_SECONDS))
            self.check()


@contextmanager
def heard() -> Iterator[Interruption]:
    """While this lasts, SIGINT, SIGTERM and SIGHUP are asked of the Interruption it gives."""
    interruption = Interruption()
    before: dict[signal.Signals, Any] = {
        each: signal.signal(each, interruption.ask)
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield interruption
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
