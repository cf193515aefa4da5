"""The log of a job as a text file, written while it is read."""

from collections.abc import Iterator
from datetime import UTC
from logging import getLevelName
from uuid import UUID

from dashboard.words import plain
from orchestrator import database
from orchestrator.ledger import logs
from orchestrator.ledger.logs import LogFilter
from orchestrator.ledger.models import JobLogLine


def written(job_id: UUID, which: LogFilter) -> Iterator[str]:
    """Its lines, a few hundred at a time, each from a transaction of its own."""
    place = (0, -1)
    while True:
        with database.transaction() as session:
            lines = logs.chunk(session, job_id, which, after=place)
        if not lines:
            return
        yield "".join(map(_line, lines))
        place = (lines[-1].attempt, lines[-1].seq)


def _line(line: JobLogLine) -> str:
    at = line.logged_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    return f"{at}Z {getLevelName(line.level)} [{plain(line.logger)}] {plain(line.message)}\n"
