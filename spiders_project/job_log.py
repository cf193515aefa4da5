"""The job's log: log records become lines of the next checkpoint, up to a cap.

A spider in a loop can log a million lines. Once the cap is reached, lines below an error are not
even made any more, so that they cost the crawl next to nothing; errors are counted for ever.
"""

import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from scrapy.logformatter import LogFormatter

from orchestrator.ledger.checkpoints import LogLine
from orchestrator.ledger.items import clean_text

_LONGEST_MESSAGE = 10_000
_LONGEST_NAME = 200
#: A longer message counts as several lines, or a full log would hold 100 MB.
_CHARACTERS_A_LINE = 1_000
#: The last part of the cap is kept for errors: they are what a drowned log is read for.
_PART_FOR_ERRORS = 10
_MOST_EARLY = 200
#: As the column holds it.
_HIGHEST_LEVEL = 32_767
#: Colours, cursor movements, titles and links of a terminal.
_ANSI = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[ -~])"
)
#: Other control characters, but for tab and line feed.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class EarlyLines(logging.Handler):
    """Keeps the first records that come before the job's log begins, and hands them to it."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        if len(self._records) < _MOST_EARLY:
            self._records.append(record)

    def hand_over(self) -> list[logging.LogRecord]:
        """What there is; from now on it keeps nothing."""
        logging.getLogger().removeHandler(self)
        records, self._records = self._records, []
        return records


#: The one of this process; a handler of the root logger once somebody adds it.
early = EarlyLines()


#: Is given what the job's log keeps, from warnings on, where its worker's output is to have it.
echo: logging.Handler = logging.NullHandler(logging.WARNING)


class JobLog(logging.Handler):
    """Turns log records into lines of the job's log, up to a cap.

    `gather` takes a line, `count_error` is called for each error, also for those beyond the cap.
    """

    def __init__(
        self, most: int, gather: Callable[[LogLine], None], count_error: Callable[[], None]
    ) -> None:
        super().__init__(logging.INFO)
        self._most = most
        self._most_of_all = most - most // _PART_FOR_ERRORS
        self._gather = gather
        self._count_error = count_error
        self._seq = self._used = 0
        self._others = 0
        for record in early.hand_over():
            self.handle(record)

    def count_from(self, lines: int) -> None:
        """Lines that earlier attempts wrote count against the cap."""
        self._used += lines
        if self._used >= self._most_of_all:
            self._make_no_more()

    def count_others(self, lines: int) -> None:
        """Lines that other crawls of the attempt have written by now count likewise."""
        self._used += max(lines - self._others, 0)
        self._others = max(lines, self._others)
        if self._used >= self._most_of_all:
            self._make_no_more()

    def emit(self, record: logging.LogRecord) -> None:
        is_error = record.levelno >= logging.ERROR
        if is_error:
            self._count_error()
        most = self._most if is_error else self._most_of_all
        if self._used >= most:
            return
        message = _message(record)
        self._used += 1 + len(message) // _CHARACTERS_A_LINE
        if self._used >= most:
            message = f"{message}\n{self._last_words(is_error)}"
        self._seq += 1
        self._gather(_line(record, self._seq, message))
        if record.levelno >= echo.level:
            echo.handle(record)
        if self._used >= self._most_of_all:
            self._make_no_more()

    def _last_words(self, is_error: bool) -> str:
        if is_error:
            return f"The log of a job holds {self._most:,} lines; further errors are only counted."
        return f"The log of a job holds {self._most:,} lines; only errors are kept from here on."

    def _make_no_more(self) -> None:
        """Whoever asks is told at once that nothing below an error is wanted.

        Not where somebody else listens too: the terminal of a recorded `scrapy crawl`, a file.
        """
        if not _others(self):
            logging.disable(logging.WARNING)


def _others(own: logging.Handler) -> bool:
    """True when a handler that keeps or shows records is somewhere, apart from ours."""
    loggers = [logging.getLogger(), *logging.getLogger().manager.loggerDict.values()]
    handlers = [each for log in loggers if isinstance(log, logging.Logger) for each in log.handlers]
    return any(
        # Scrapy's counters of lines by level stand still from here on.
        each is not own and type(each).__name__ not in {"NullHandler", "LogCounterHandler"}
        for each in handlers
    )


def _line(record: logging.LogRecord, seq: int, message: str) -> LogLine:
    at = datetime.fromtimestamp(record.created, UTC)
    level = max(0, min(record.levelno, _HIGHEST_LEVEL))
    return LogLine(seq, level, at, clean_text(str(record.name)[:_LONGEST_NAME]), message)


def _message(record: logging.LogRecord) -> str:
    text = _text(record)
    cut = text[:_LONGEST_MESSAGE]
    if len(text) > _LONGEST_MESSAGE:
        cut += f"… ({len(text):,} characters)"
    return _UNPRINTABLE.sub("\ufffd", clean_text(_ANSI.sub("", cut)))


def _text(record: logging.LogRecord) -> str:
    try:
        text = record.getMessage()
    except Exception as error:  # noqa: BLE001  # a log line must not end the callback it is in
        said = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
        text = f"{said} (it could not be put into words: {type(error).__name__})"
    if record.exc_info and record.exc_info[0]:
        text = f"{text[:_LONGEST_MESSAGE]}\n{_TRACEBACKS.formatException(record.exc_info)}"
    return text


_TRACEBACKS: Any = logging.Formatter()


class KeptLines(LogFormatter):
    """Scrapy's words, without the two lines of each page and item that no job's log keeps."""

    def crawled(self, *_: object) -> None:  # type: ignore[override]
        """No line."""

    def scraped(self, *_: object) -> None:  # type: ignore[override]
        """No line."""
