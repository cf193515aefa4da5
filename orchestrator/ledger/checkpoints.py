"""The checkpoint: items, log lines, counts and lease of a crawl, in one transaction.

It is sent as one string of two statements on a connection in autocommit mode: Postgres runs them
as one implicit transaction in one round trip, so a process stopped in between never keeps the
job's row locked. The first statement locks the job; only so does the second see, in a snapshot
taken after the lock, what another crawl of the same job has committed, and its counts are exact.
"""

import logging
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
import psycopg2
from psycopg2.extensions import Binary

from orchestrator import driver
from orchestrator.exceptions import LeaseLost
from orchestrator.ledger import new_samples
from orchestrator.ledger.claims import Claim
from orchestrator.ledger.items import Rejection, StorableItem
from orchestrator.ledger.new_samples import NewSample
from orchestrator.ledger.troubled_pages import TroubledPage
from orchestrator.ledger.words import Requested

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line that a crawl logged."""

    seq: int
    level: int
    logged_at: datetime
    logger: str
    message: str


@dataclass(slots=True)
class Batch:
    """What a crawl has gathered since its last checkpoint."""

    items: list[StorableItem] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)
    lines: list[LogLine] = field(default_factory=list)
    #: Pages the crawl goes on without.
    given_up: list[TroubledPage] = field(default_factory=list)
    samples: list[NewSample] = field(default_factory=list)
    pages: int = 0
    errors: int = 0
    bytes_received: int = 0
    #: What this attempt has counted since it began; the same whoever commits it twice.
    tally: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """What a crawl hears of its job with each checkpoint."""

    #: What a person has asked for.
    requested: Requested | None
    #: Why its crawls are to end: one of them met a limit.
    closing: str | None
    #: Of the job, whoever brought them.
    pages: int
    items: int
    #: Lines in the log of an attempt that several crawls may serve, before this batch.
    lines: int


class CheckpointWriter:
    """Commits the checkpoints of one crawl, each exactly once.

    The number of a checkpoint moves n−1 → n in the same transaction. So when the outcome of a
    COMMIT is unknown, the same batch is committed again under the same number: if it was there
    already, nothing happens.
    """

    def __init__(self, claim: Claim, *, lease_seconds: float) -> None:
        self._claim = claim
        self._lease_seconds = lease_seconds
        self._number = 0
        self._connection: Any = None

    def commit(self, batch: Batch) -> Told:
        """Writes the batch and renews the lease; answers what there is to know of the job.

        Raises LeaseLost when another attempt owns the job, and DatabaseAway when the outcome is
        unknown: then commit the very same batch again.
        """
        number = self._number + 1
        try:
            told = self._execute(batch, number)
        except psycopg2.Error as error:
            self.close()
            raise driver.meaning(error) or error from error
        self._number = number
        return told

    def close(self) -> None:
        """Gives the connection up; the next commit makes a new one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _execute(self, batch: Batch, number: int) -> Told:
        with self._connected().cursor() as cursor:
            # Few checkpoints have samples; the others do not pay for them.
            sql = new_samples.WRITE + _SQL if batch.samples else _SQL
            cursor.execute(sql, self._parameters(batch, number))
            row = cursor.fetchone()
            if row is None:
                cursor.execute(_STANDING, self._named())
                row = self._written_before(cursor.fetchone(), number)
        requested, *rest = row
        return Told(Requested(requested) if requested else None, *rest)

    def _connected(self) -> Any:
        if self._connection is None:
            self._connection = driver.take()
        return self._connection

    def _named(self) -> dict[str, Any]:
        """Which crawl it is, for the fence."""
        claim = self._claim
        return {
            "job": claim.job_id,
            "attempt": claim.attempt,
            "crawl": claim.number,
            "shared": claim.places > 1,
        }

    def _written_before(self, standing: Any, number: int) -> Any:
        """The commit whose outcome was unknown had succeeded, or the lease is gone."""
        if standing is None or standing[0] != number:
            raise LeaseLost(
                f"Attempt {self._claim.attempt} of job {self._claim.job_id} no longer owns it."
            )
        return standing[1:]

    def _parameters(self, batch: Batch, number: int) -> dict[str, Any]:
        # One statement cannot touch a row twice, and crawls that share a job would deadlock on
        # rows taken in different orders: the last of equal keys counts, in the order of keys.
        last = {item.key: item for item in batch.items}
        items = [last[key] for key in sorted(last)]
        refused = list({each.content_hash: each for each in batch.rejected}.values())
        sampled = new_samples.parameters(batch.samples) if batch.samples else {}
        return {
            **sampled,
            **self._named(),
            "target": self._claim.target_id,
            "number": number,
            "lease": self._lease_seconds,
            "keys": [item.key for item in items],
            "data": [item.data for item in items],
            "hashes": [Binary(item.content_hash) for item in items],
            "reasons": [each.reason for each in refused],
            "excerpts": [each.excerpt for each in refused],
            "refused_hashes": [Binary(each.content_hash) for each in refused],
            "page_ids": [Binary(each.request_id) for each in batch.given_up],
            "page_urls": [each.url for each in batch.given_up],
            "page_reasons": [each.reason for each in batch.given_up],
            "seqs": [line.seq for line in batch.lines],
            "levels": [line.level for line in batch.lines],
            "times": [line.logged_at for line in batch.lines],
            "loggers": [line.logger for line in batch.lines],
            "messages": [line.message for line in batch.lines],
            "pages": batch.pages,
            "errors": batch.errors,
            "bytes": batch.bytes_received,
            "tally": orjson.dumps(batch.tally).decode(),
        }


def count_lines(job_id: uuid.UUID | str, *, before_attempt: int) -> int:
    """How many log lines a job has of earlier attempts; they count against its cap."""
    sql = "SELECT count(*) FROM job_log_lines WHERE job_id = %(job)s AND attempt < %(attempt)s"
    return int(driver.ask(sql, {"job": str(job_id), "attempt": before_attempt})[0][0])


_SQL = """
SELECT FROM scraping_jobs WHERE id = %(job)s FOR NO KEY UPDATE;
WITH fence AS (
    UPDATE crawls
    SET checkpoint = %(number)s,
        heartbeat_at = now(),
        lease_until = now() + make_interval(secs => %(lease)s),
        pages = pages + %(pages)s,
        tally = tally || %(tally)s::jsonb
    WHERE job_id = %(job)s AND attempt = %(attempt)s AND number = %(crawl)s
      AND checkpoint = %(number)s - 1 AND ended_at IS NULL
      AND EXISTS (SELECT FROM scraping_jobs
                  WHERE id = %(job)s AND attempt = %(attempt)s AND status = 'running')
    RETURNING 1
), incoming AS (
    SELECT i.key, i.data::jsonb AS data, i.content_hash
    FROM fence, unnest(%(keys)s::text[], %(data)s::text[], %(hashes)s::bytea[])
        WITH ORDINALITY AS i (key, data, content_hash, place)
    ORDER BY place
), before AS (
    -- OFFSET keeps the planner from reading all items of a target whose statistics are old.
    SELECT s.*
    FROM incoming i CROSS JOIN LATERAL (
        SELECT id, key, data, content_hash, first_job_id, last_job_id, changed_at, gone_at
        FROM scraped_items
        -- As a subquery: of a target that statistics do not know yet the planner would expect one
        -- row, and take any index that begins with the target for as good as the one with the key.
        WHERE target_id = (SELECT %(target)s::bigint) AND key = i.key
        OFFSET 0
    ) AS s
), stored AS (
    INSERT INTO scraped_items AS s
        (target_id, key, data, content_hash, first_job_id, last_job_id)
    SELECT %(target)s, key, data, content_hash, %(job)s, %(job)s FROM incoming
    ON CONFLICT (target_id, key) DO UPDATE
    SET data = excluded.data,
        content_hash = excluded.content_hash,
        last_job_id = excluded.last_job_id,
        last_seen_at = now(),
        gone_at = NULL,
        changed_at = CASE WHEN s.content_hash = excluded.content_hash
                          THEN s.changed_at ELSE now() END
    WHERE s.last_job_id IS DISTINCT FROM excluded.last_job_id
       OR s.content_hash <> excluded.content_hash
       OR s.gone_at IS NOT NULL
), changing AS (
    -- An item that has changed in this job before is compared with what it was before the job.
    SELECT b.id, b.content_hash, b.changed_at, r.id AS revision_id, i.data AS later,
           CASE WHEN r.id IS NULL THEN b.data ELSE (b.data - r.added) || r.data END AS earlier
    FROM before b
    JOIN incoming i USING (key)
    LEFT JOIN LATERAL (
        -- The cast keeps the planner from reading all revisions of the job for each item.
        SELECT id, data, added FROM item_revisions
        WHERE b.last_job_id = %(job)s AND item_id = b.id AND job_id::text = %(job)s
        OFFSET 0
    ) AS r ON true
    WHERE b.content_hash <> i.content_hash AND b.first_job_id IS DISTINCT FROM %(job)s
      AND (r.id IS NULL OR r.added IS NOT NULL)
), delta AS (
    -- Compared as text: to jsonb 1 and 1.0 are equal.
    SELECT c.id, c.content_hash, c.changed_at, c.revision_id,
           coalesce((SELECT jsonb_object_agg(name, value)
                     FROM jsonb_each(c.earlier) AS f (name, value)
                     WHERE (c.later -> name)::text IS DISTINCT FROM value::text),
                    '{}') AS data,
           ARRAY(SELECT jsonb_object_keys(c.later - ARRAY(SELECT jsonb_object_keys(c.earlier))))
               AS added
    FROM changing c
), revised AS (
    INSERT INTO item_revisions (item_id, job_id, data, added, content_hash, began_at)
    SELECT id, %(job)s, data, added, content_hash, changed_at
    FROM delta WHERE revision_id IS NULL
    ON CONFLICT (item_id, job_id) DO NOTHING
    RETURNING 1
), amended AS (
    UPDATE item_revisions r SET data = d.data, added = d.added
    FROM delta d
    WHERE r.id = d.revision_id
      -- Named, or the planner would read all revisions there are.
      AND r.id = ANY (ARRAY(SELECT revision_id FROM delta WHERE revision_id IS NOT NULL))
), returned AS (
    UPDATE item_absences SET back_at = now(), back_job_id = %(job)s
    WHERE item_id = ANY (ARRAY(SELECT id FROM before WHERE gone_at IS NOT NULL))
      AND back_at IS NULL
    RETURNING 1
), refused AS (
    INSERT INTO rejected_items (job_id, content_hash, reason, excerpt)
    SELECT %(job)s, r.content_hash, r.reason, r.excerpt
    FROM fence, unnest(%(refused_hashes)s::bytea[], %(reasons)s::text[], %(excerpts)s::text[])
        AS r (content_hash, reason, excerpt)
    ON CONFLICT (job_id, content_hash) DO NOTHING
    RETURNING 1
), given_up AS (
    INSERT INTO charged_pages AS c (job_id, request_id, url, reason, given_up_at)
    SELECT DISTINCT ON (p.request_id) %(job)s::uuid, p.*, now()
    FROM fence, unnest(%(page_ids)s::bytea[], %(page_urls)s::text[], %(page_reasons)s::text[])
        AS p (request_id, url, reason)
    ON CONFLICT (job_id, request_id) DO UPDATE
    SET given_up_at = now(), reason = excluded.reason
    WHERE c.given_up_at IS NULL
    RETURNING 1
), log AS (
    -- Lines of several crawls follow each other as they are committed.
    SELECT CASE WHEN %(shared)s THEN
        (SELECT coalesce(max(seq), 0) FROM job_log_lines
         WHERE job_id = %(job)s AND attempt = %(attempt)s)
    ELSE 0 END AS lines
), logged AS (
    INSERT INTO job_log_lines (job_id, attempt, seq, level, logged_at, logger, message)
    SELECT %(job)s, %(attempt)s, CASE WHEN %(shared)s THEN log.lines + l.place ELSE l.seq END,
           l.level, l.logged_at, l.logger, l.message
    FROM fence, log,
         unnest(%(seqs)s::int[], %(levels)s::smallint[], %(times)s::timestamptz[],
                %(loggers)s::text[], %(messages)s::text[])
             WITH ORDINALITY AS l (seq, level, logged_at, logger, message, place)
    ON CONFLICT DO NOTHING
), seen AS (
    SELECT count(*) AS scraped, count(*) FILTER (WHERE b.id IS NULL) AS new
    FROM incoming i LEFT JOIN before b USING (key)
    WHERE b.id IS NULL OR b.last_job_id IS DISTINCT FROM %(job)s
), step AS (
    SELECT date_bin(
        CASE WHEN now() - started_at < interval '2 minutes' THEN interval '1 second'
             WHEN now() - started_at < interval '20 minutes' THEN interval '10 seconds'
             ELSE interval '1 minute' END,
        now(), started_at) AS began_at
    FROM fence, scraping_jobs WHERE id = %(job)s
), progressed AS (
    INSERT INTO job_progress AS p (job_id, began_at, pages, items, errors)
    SELECT %(job)s, step.began_at, %(pages)s, seen.scraped, %(errors)s FROM step, seen
    WHERE %(pages)s + seen.scraped + %(errors)s > 0
    ON CONFLICT (job_id, began_at) DO UPDATE
    SET pages = p.pages + excluded.pages,
        items = p.items + excluded.items,
        errors = p.errors + excluded.errors
)
UPDATE scraping_jobs
SET items_scraped = items_scraped + seen.scraped,
    items_new = items_new + seen.new,
    items_changed = items_changed + (SELECT count(*) FROM revised),
    items_back = items_back + (SELECT count(*) FROM returned),
    items_rejected = items_rejected + (SELECT count(*) FROM refused),
    pages = pages + %(pages)s,
    pages_given_up = pages_given_up + (SELECT count(*) FROM given_up),
    errors = errors + %(errors)s,
    bytes_received = bytes_received + %(bytes)s
FROM seen
WHERE id = %(job)s AND EXISTS (SELECT FROM fence)
RETURNING requested, closing, pages, items_scraped, (SELECT lines FROM log)
"""

_STANDING = """
SELECT c.checkpoint, j.requested, j.closing, j.pages, j.items_scraped, 0
FROM scraping_jobs j JOIN crawls c ON c.job_id = j.id AND c.attempt = j.attempt
WHERE j.id = %(job)s AND j.attempt = %(attempt)s AND j.status = 'running'
  AND c.number = %(crawl)s AND c.ended_at IS NULL
"""
