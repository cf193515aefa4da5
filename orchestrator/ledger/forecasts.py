"""Forecasts: when a running job will likely end, by what its target's jobs took before.

A forecast is a median, not a promise: where there is nothing to go by there is none.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ARRAY, BigInteger, Uuid, bindparam, text
from sqlalchemy.orm import Session

from orchestrator.ledger import ticks
from orchestrator.ledger.models import ScrapingJob


@dataclass(frozen=True, slots=True)
class Habit:
    """What the target's last completed jobs were like."""

    pages: float
    took: timedelta


def expected_end(session: Session, job: ScrapingJob) -> datetime | None:
    """When a running job will likely end, as its target's earlier jobs did."""
    return expected_ends(session, [job]).get(job.id)


def expected_ends(
    session: Session, jobs: Sequence[ScrapingJob], pace: Mapping[uuid.UUID, float] | None = None
) -> dict[uuid.UUID, datetime]:
    """The same for many; without those that have no history or took longer than it already.

    By the pages that are left at the current speed, which is `pace` where it is known already,
    else by the time earlier jobs took.
    """
    habits = habits_of(session, {job.target_id for job in jobs})
    if pace is None:
        pace = speeds(session, [job.id for job in jobs if job.target_id in habits])
    now = ticks.now(session)
    ends = {
        job.id: _end(job, habits[job.target_id], pace.get(job.id, 0), now)
        for job in jobs
        if job.target_id in habits and job.started_at
    }
    return {job_id: end for job_id, end in ends.items() if end and end > now}


def _end(job: ScrapingJob, habit: Habit, speed: float, now: datetime) -> datetime | None:
    left = habit.pages - job.pages
    if speed and habit.pages:
        return now + timedelta(seconds=left / speed) if left > 0 else None
    return job.started_at + habit.took if job.started_at else None


def habits_of(session: Session, target_ids: Iterable[int]) -> dict[int, Habit]:
    rows = session.execute(_HABITS, {"targets": list(target_ids)})
    return {row.target_id: Habit(row.pages, row.took) for row in rows}


def speeds(session: Session, job_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, float]:
    """Pages a second over about the last minute."""
    rows = session.execute(_SPEEDS, {"jobs": list(job_ids)})
    return {row.job_id: row.speed for row in rows}


_HABITS = text(
    """
    SELECT t.id AS target_id, habit.pages, habit.took
    FROM unnest(:targets) AS t (id) CROSS JOIN LATERAL (
        SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY pages) AS pages,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY completed_at - started_at) AS took
        FROM (
            SELECT pages, completed_at, started_at FROM scraping_jobs
            WHERE target_id = t.id AND status = 'completed'
            ORDER BY queued_at DESC, id DESC LIMIT 10
        ) AS last
    ) AS habit
    WHERE habit.took IS NOT NULL
    """
).bindparams(bindparam("targets", type_=ARRAY(BigInteger)))

# A step grows with the age of its job, so the minute is reckoned back to where a step begins.
_SPEEDS = text(
    """
    SELECT j.id AS job_id,
           (coalesce(sum(p.pages), 0)
            / greatest(extract(epoch FROM now() - greatest(since.at, j.started_at)), 1))::float8
               AS speed
    FROM scraping_jobs j
    CROSS JOIN LATERAL (
        SELECT date_bin(
            CASE WHEN now() - j.started_at < interval '3 minutes' THEN interval '1 second'
                 WHEN now() - j.started_at < interval '21 minutes' THEN interval '10 seconds'
                 ELSE interval '1 minute' END,
            now() - interval '1 minute', j.started_at) AS at
    ) AS since
    LEFT JOIN job_progress p ON p.job_id = j.id AND p.began_at >= since.at
    WHERE j.id = ANY(:jobs) AND j.started_at IS NOT NULL
    GROUP BY j.id, since.at
    """
).bindparams(bindparam("jobs", type_=ARRAY(Uuid)))
