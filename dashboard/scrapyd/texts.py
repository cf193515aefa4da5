"""Logs and items of jobs as files, written from the ledger while they are read.

What is no larger than a few megabytes is held whole for a moment, so that its length is known and
any part of it can be asked for. What is larger streams from the beginning, and says that parts of
it are not served: its length would cost as much as itself, and change meanwhile.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from logging import getLevelName
from uuid import UUID

from flask import Response, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from dashboard.scrapyd import words
from dashboard.words import plain
from orchestrator import database
from orchestrator.ledger import logs, scrapyd_jobs
from orchestrator.ledger.logs import ShownLine
from orchestrator.ledger.models import JobLogLine

_MOST_HELD = 8_000_000


def log(job_id: UUID) -> Iterator[bytes]:
    """Its lines as Scrapy writes them, some hundreds at a time."""
    place = (0, -1)
    while True:
        with database.transaction() as session:
            lines = logs.stretch(session, job_id, after=place)
        if not lines:
            return
        yield "".join(map(line, lines)).encode(errors="replace")
        place = (lines[-1].attempt, lines[-1].seq)


def line(each: JobLogLine | ShownLine) -> str:
    at, level = words.second(each.logged_at), getLevelName(each.level)
    return f"{at} [{plain(each.logger)}] {level}: {plain(each.message)}\n"


def items(job_id: UUID) -> Iterator[bytes]:
    """A line of JSON for each item, some megabytes at a time."""
    last = 0
    while True:
        with database.transaction() as session:
            found = scrapyd_jobs.items(session, job_id, after=last)
        if not found:
            return
        yield "".join(f"{data}\n" for _, data in found).encode(errors="replace")
        last = found[-1][0]


def served(parts: Iterator[bytes], *, modified: datetime) -> Response:
    """The text, or the part of it that is asked for. Raises RequestedRangeNotSatisfiable."""
    held, size = [], 0
    for part in parts:
        held.append(part)
        size += len(part)
        if size > _MOST_HELD:
            return _answer(chain(held, parts), modified, ranges="none")
    return _held(b"".join(held), modified)


def _held(text: bytes, modified: datetime) -> Response:
    asked = _asked(len(text), modified)
    if asked is None:
        answer = _answer([text], modified, ranges="bytes")
        answer.content_length = len(text)
        answer.make_conditional(request)
        return answer
    start, stop = asked
    answer = _answer([text[start:stop]], modified, ranges="bytes")
    answer.status_code = 206
    answer.content_length = stop - start
    answer.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(text)}"
    return answer


def _asked(size: int, modified: datetime) -> tuple[int, int] | None:
    """From where to where; None = all of it, also for several parts at once."""
    ranges, condition = request.range, request.if_range
    if ranges is None or ranges.units != "bytes" or len(ranges.ranges) != 1:
        return None
    if request.headers.get("If-Range") and condition.date != modified.replace(microsecond=0):
        return None
    start, stop = ranges.ranges[0]
    # The last so many; of a shorter text that is all of it.
    start = max(0, size + start) if start < 0 else start
    stop = min(size, size if stop is None else stop)
    if start >= stop:
        raise RequestedRangeNotSatisfiable(size)
    return start, stop


def _answer(parts: Iterator[bytes] | list[bytes], modified: datetime, *, ranges: str) -> Response:
    answer = Response(parts, content_type="text/plain; charset=utf-8")
    answer.last_modified = modified
    answer.headers["Accept-Ranges"] = ranges
    return answer
