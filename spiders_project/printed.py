"""What a spider prints: lines of its job's log instead of the worker's output.

A million printed lines would fill the disk below the worker's log, where nobody looks for them.
What goes past Python's own streams, a child process for one, still goes there.
"""

import io
import logging
import sys
from threading import Lock, local
from typing import Any, TextIO

from spiders_project import job_log

#: The rest of a longer line is left out.
_LONGEST_LINE = 20_000

#: Says in which thread a printed line is just being logged.
_here = local()


def become_log_lines() -> None:
    """From now on what is printed is logged, under the names `stdout` and `stderr`.

    What is printed or logged before the job's log begins is kept for it, the first lines at least.
    """
    logging.getLogger().addHandler(job_log.early)
    sys.stdout = Printed("stdout", sys.stdout)
    sys.stderr = Printed("stderr", sys.stderr)


class Printed(io.TextIOBase):
    """A text stream whose lines are logged; in all else it is the stream it stands for."""

    def __init__(self, name: str, original: TextIO) -> None:
        self._original = original
        self._logger = logging.getLogger(name)
        # Also while a spider is imported, when the root's level is still above.
        self._logger.setLevel(logging.INFO)
        self._begun = ""
        self._lock = Lock()
        self.buffer = _Bytes(self)

    def write(self, text: str) -> int:
        # A handler that prints what it was given would be given that, for ever.
        if getattr(_here, "logging", False) or not self._logger.isEnabledFor(logging.INFO):
            return len(text)
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        with self._lock:
            lines = self._take(text)
        for line in lines:
            self._log(line)
        return len(text)

    def flush(self) -> None:
        """Also logs a line that has only begun: nobody may be there to end it."""
        with self._lock:
            line, self._begun = self._begun, ""
        self._log(line)

    def fileno(self) -> int:
        return self._original.fileno()

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def reconfigure(self, **_: Any) -> None:
        """Nothing to be changed: no bytes are written."""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._original.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        return self._original.errors

    @property
    def name(self) -> str:
        return self._original.name

    @property
    def mode(self) -> str:
        return "w"

    def _take(self, text: str) -> list[str]:
        """The lines that this ends; progress bars end theirs with a carriage return."""
        *ended, begun = text.replace("\r", "\n").split("\n")
        if ended:
            ended[0] = self._begun + ended[0]
            self._begun = begun[:_LONGEST_LINE]
        else:
            self._begun += begun[: _LONGEST_LINE - len(self._begun)]
        return ended

    def _log(self, line: str) -> None:
        if not line.strip():
            return
        _here.logging = True
        try:
            self._logger.info("%s", line[:_LONGEST_LINE])
        finally:
            _here.logging = False


class _Bytes(io.RawIOBase):
    """The stream's `buffer`, for those who write bytes."""

    def __init__(self, text: Printed) -> None:
        self._text = text

    def write(self, data: Any) -> int:
        taken = bytes(data)
        self._text.write(taken.decode(errors="replace"))
        return len(taken)

    def flush(self) -> None:
        self._text.flush()

    def fileno(self) -> int:
        return self._text.fileno()

    def writable(self) -> bool:
        return True
