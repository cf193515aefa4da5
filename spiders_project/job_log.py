"""The job's log: log records become lines of the next checkpoint, up to a cap."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from orchestrator.ledger.checkpoints import LogLine
from orchestrator.ledger.items import clean_text

_LONGEST_MESSAGE = 10_000


class JobLog(logging.Handler):
    """Turns log records into lines of the job's log, up to a cap."""

    def __init__(self, most: int, gather: Callable[[LogLine], None]) -> None:
        super().__init__(logging.INFO)
        self._most = most
        self._gather = gather
        self._seq = self._lines = 0

    def count_from(self, lines: int) -> None:
        """Lines that earlier attempts wrote count against the cap."""
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines += 1
        self._seq += 1
        if self._lines < self._most:
            self._gather(self._line(record, _message(record)))
        elif self._lines == self._most:
            last = f"The log of a job holds {self._most:,} lines; the rest is left out."
            self._gather(self._line(record, last))

    def _line(self, record: logging.LogRecord, message: str) -> LogLine:
        at = datetime.fromtimestamp(record.created, UTC)
        return LogLine(self._seq, record.levelno, at, record.name, message)


def _message(record: logging.LogRecord) -> str:
    text = record.getMessage()
    if record.exc_info and record.exc_info[0]:
        text = f"{text}\n{_TRACEBACKS.formatException(record.exc_info)}"
    return clean_text(text[:_LONGEST_MESSAGE])


_TRACEBACKS: Any = logging.Formatter()
