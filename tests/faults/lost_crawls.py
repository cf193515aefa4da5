"""The crawls that were on a machine when it was lost: when they were given up, what they wrote."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from tests.orchestrator.ledger import given

#: Jobs and attempts.
Lost = Sequence[tuple[UUID, int]]

#: All that tells of a write by an attempt.
_WRITTEN = """
SELECT c.checkpoint, c.pages, c.heartbeat_at, c.lease_until, c.ended_at, c.outcome, c.tally,
       (SELECT count(*) FROM job_log_lines l
        WHERE l.job_id = c.job_id AND l.attempt = c.attempt) AS lines
FROM crawls c WHERE c.job_id = :id AND c.attempt = :attempt
"""
#: What only the future has, by the database's clock.
_OF_THE_FUTURE = {
    "crawls": "greatest(started_at, heartbeat_at, ended_at) > now()"
    " OR lease_until > now() + interval '1 hour'",
    "scraping_jobs": "greatest(queued_at, started_at, completed_at, rung_at) > now()",
    "scraped_items": "greatest(first_seen_at, last_seen_at, changed_at) > now()",
}


def on(worker: str) -> Lost:
    """Those that live there by what the ledger knows."""
    sql = "SELECT job_id, attempt FROM crawls WHERE worker = :worker AND ended_at IS NULL"
    return [(row.job_id, row.attempt) for row in given.execute(sql, worker=worker)]


def are_over(lost: Lost) -> bool:
    return all(row.ended_at for each in written(lost) for row in each)


def written(lost: Lost) -> list[Any]:
    """What the ledger holds of them."""
    return [given.execute(_WRITTEN, id=job_id, attempt=attempt) for job_id, attempt in lost]


def seconds_until_over(lost: Lost, at: datetime) -> float:
    """Until the last of them was given up: from then on its job waits for nothing but a slot."""
    ended = [row.ended_at for each in written(lost) for row in each]
    return max(((each - at).total_seconds() for each in ended), default=0.0)


def faults(lost: Lost) -> list[str]:
    """None where each was given up because its machine was lost."""
    if not lost:
        return ["A machine was lost that crawled nothing, so nothing was shown."]
    outcomes = [row.outcome for each in written(lost) for row in each]
    return [
        f"attempt {attempt} of job {job_id} was lost and ended as {outcome}"
        for (job_id, attempt), outcome in zip(lost, outcomes, strict=True)
        if outcome != "worker_lost"
    ]


def faults_of_the_clock() -> list[str]:
    """None where nobody has written a time that has not come."""
    counts = {table: given.count(table, where) for table, where in _OF_THE_FUTURE.items()}
    return [f"{rows} rows of {table} are of the future" for table, rows in counts.items() if rows]
