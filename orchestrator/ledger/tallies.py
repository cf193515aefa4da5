"""Tallies: counts that only rise, though the rows they were counted from are cleaned up.

Whoever ends a job or a crawl adds a row in the same transaction, so it counts if and only if it
happened, and once; no row is held up by another, as a shared counter would be. The sweep folds the
rows into one now and then. What still runs is added when it is asked for.
"""

import uuid
from collections.abc import Mapping

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from orchestrator.ledger.models import Tally

#: More rows than these are folded, so many at a time.
_FEW, _MOST = 100, 5_000

#: Of a job: these add up while it is active, and stay when it has ended.
COUNTS = (
    "pages",
    "pages_given_up",
    "errors",
    "bytes_received",
    "items_scraped",
    "items_new",
    "items_changed",
    "items_back",
    "items_rejected",
)
#: Found when the job has ended, batch by batch.
GONE = "items_gone"

_SUMS = ", ".join(f"'{name}', sum({name})" for name in COUNTS)

# What a job found gone is not in it: that is added as it is found.
_ADD_JOBS = f"""
INSERT INTO tallies (amounts)
SELECT jsonb_build_object('jobs/' || status || '/' || coalesce(verdict, 'none'), count(*), {_SUMS})
FROM scraping_jobs
WHERE id = ANY (:ids) AND status IN ('completed', 'failed', 'cancelled', 'skipped')
GROUP BY status, verdict
"""  # noqa: S608  # the names of columns above

_FOLD = """
WITH taken AS (
    DELETE FROM tallies
    WHERE id IN (SELECT id FROM tallies ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED)
    RETURNING amounts
), sums AS (
    SELECT name, sum(amount::numeric) AS amount
    FROM taken, jsonb_each_text(amounts) AS each (name, amount)
    GROUP BY name
)
INSERT INTO tallies (amounts)
SELECT jsonb_object_agg(name, amount) FROM sums HAVING count(*) > 0
"""

# One statement, so one moment: a job that ends is counted once, as active or as ended.
_TOTALS = f"""
SELECT name, sum(amount::numeric)::float8
FROM (
    SELECT amounts FROM tallies
    UNION ALL
    SELECT tally FROM crawls WHERE ended_at IS NULL
    UNION ALL
    SELECT jsonb_build_object('active/' || status, count(*), {_SUMS})
    FROM scraping_jobs
    WHERE status IN ('pending', 'running', 'paused')
    GROUP BY status
) AS parts, jsonb_each_text(amounts) AS each (name, amount)
GROUP BY name
"""  # noqa: S608  # the names of columns above


def add(session: Session, amounts: Mapping[str, float]) -> None:
    """Counts these on top of what is counted by their names."""
    if amounts:
        session.execute(insert(Tally).values(amounts=dict(amounts)))


def add_jobs(session: Session, *job_ids: uuid.UUID) -> None:
    """Counts jobs that end in this transaction; one that goes on is left out."""
    session.execute(text(_ADD_JOBS), {"ids": list(job_ids)})


def fold(session: Session) -> None:
    """Makes one row of many, unless there are few."""
    if session.scalar(select(Tally.id).order_by(Tally.id).offset(_FEW).limit(1)) is not None:
        session.execute(text(_FOLD), {"most": _MOST})


def totals(session: Session) -> dict[str, float]:
    """Everything counted so far by its name, with what active jobs and living crawls have."""
    return dict(session.execute(text(_TOTALS)).all())
