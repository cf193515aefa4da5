"""The log of a job as people read it: its end, a search in it, all of it.

A job has ten thousand lines at most, so a search may read them all; what it hands over for a page
is bounded in letters as well as in lines, since one line may hold ten thousand.
"""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Select, false, func, select, tuple_
from sqlalchemy.orm import Session

from orchestrator.ledger.models import JobLogLine

#: A place in a log: attempt, and number within it.
Place = tuple[int, int]

#: Of one line on a page; of all of them together; of each when they are more than that.
_LONGEST_LINE, _MOST_LETTERS, _SHORTEST_CUT = 2_000, 40_000, 200
_CHUNK = 500
#: What LIKE takes for more than itself.
_WILD = re.compile(r"[%_\\]")


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which lines of a log to show."""

    #: This level and those above it.
    least_level: int = 0
    #: Text that the message holds, in capitals or not.
    text: str = ""


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line as a page shows it."""

    attempt: int
    seq: int
    level: int
    logged_at: datetime
    logger: str
    message: str
    #: There is more of the message.
    cut: bool


@dataclass(frozen=True, slots=True)
class LogPage:
    """Lines in the order they were written, and the place of those before them."""

    lines: Sequence[ShownLine]
    older: Place | None


def last(session: Session, job_id: uuid.UUID, *, most: int = 200) -> Sequence[JobLogLine]:
    """The last lines of a job's log, in the order they were written."""
    newest = select(JobLogLine).where(JobLogLine.job_id == job_id).order_by(*_NEWEST_FIRST)
    return session.scalars(newest.limit(most)).all()[::-1]


def page(
    session: Session,
    job_id: uuid.UUID,
    which: LogFilter,
    *,
    older_than: Place | None = None,
    most: int = 200,
) -> LogPage:
    """The last lines that fit, or the last before a place; long messages are cut."""
    message = func.left(JobLogLine.message, _LONGEST_LINE)
    cut = func.length(JobLogLine.message) > _LONGEST_LINE
    query = _fitting(job_id, which).with_only_columns(
        JobLogLine.attempt, JobLogLine.seq, JobLogLine.level, JobLogLine.logged_at,
        func.left(JobLogLine.logger, 100), message, cut,
    )  # fmt: skip
    if older_than:
        query = query.where(_place() < tuple_(*older_than))
    rows = session.execute(query.order_by(*_NEWEST_FIRST).limit(most + 1)).all()
    lines = _shortened([ShownLine(*row) for row in rows[:most][::-1]])
    older = (lines[0].attempt, lines[0].seq) if len(rows) > most else None
    return LogPage(lines, older)


def by_level(session: Session, job_id: uuid.UUID) -> dict[int, int]:
    """How many lines a job's log has of each level."""
    query = select(JobLogLine.level, func.count()).where(JobLogLine.job_id == job_id)
    return dict(session.execute(query.group_by(JobLogLine.level)).all())


def chunk(
    session: Session,
    job_id: uuid.UUID,
    which: LogFilter,
    *,
    after: Place = (0, -1),
    most: int = _CHUNK,
) -> Sequence[JobLogLine]:
    """The next lines after a place, whole, in the order they were written; empty at the end."""
    query = _fitting(job_id, which).where(_place() > tuple_(*after))
    return session.scalars(query.order_by(JobLogLine.attempt, JobLogLine.seq).limit(most)).all()


def stretch(session: Session, job_id: uuid.UUID, *, after: Place = (0, -1)) -> Sequence[ShownLine]:
    """As `chunk` of all lines, but not as rows of the table: for files that are asked for often."""
    columns = (
        JobLogLine.attempt, JobLogLine.seq, JobLogLine.level, JobLogLine.logged_at,
        JobLogLine.logger, JobLogLine.message, false(),
    )  # fmt: skip
    query = select(*columns).where(JobLogLine.job_id == job_id, _place() > tuple_(*after))
    rows = session.execute(query.order_by(JobLogLine.attempt, JobLogLine.seq).limit(_CHUNK))
    return [ShownLine(*row) for row in rows]


_NEWEST_FIRST = (JobLogLine.attempt.desc(), JobLogLine.seq.desc())


def _place() -> ColumnElement[tuple[int, int]]:
    return tuple_(JobLogLine.attempt, JobLogLine.seq)


def _fitting(job_id: uuid.UUID, which: LogFilter) -> Select[JobLogLine]:
    query = select(JobLogLine).where(JobLogLine.job_id == job_id)
    if which.least_level:
        query = query.where(JobLogLine.level >= which.least_level)
    if which.text:
        # Half the time that ILIKE takes.
        literally = _WILD.sub(r"\\\g<0>", which.text)
        wanted = func.lower(f"%{literally}%")
        query = query.where(func.lower(JobLogLine.message).like(wanted))
    return query


def _shortened(lines: Sequence[ShownLine]) -> Sequence[ShownLine]:
    if sum(len(line.message) for line in lines) <= _MOST_LETTERS:
        return lines
    return [
        replace(line, message=line.message[:_SHORTEST_CUT], cut=True)
        if len(line.message) > _SHORTEST_CUT
        else line
        for line in lines
    ]
