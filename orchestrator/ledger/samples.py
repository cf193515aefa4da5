"""Samples of pages: a few pages of each job, kept for the day on which a field is empty.

They are written in the transaction of a checkpoint, so a crawl that is killed keeps those it had.
A target keeps the samples of its last jobs, and each sample that is the last to show a field with
something in it: however late somebody looks, there is a page to compare with.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import orjson
from psycopg2.extensions import Binary
from sqlalchemy import select
from sqlalchemy.orm import Session, defer
from zstandard import ZstdCompressor, ZstdDecompressor

from orchestrator import config
from orchestrator.exceptions import NotFound, Sentence
from orchestrator.ledger.models import JobStatus, PageSample, ScrapingJob

#: A larger page is not looked at again; its sample says only that there was one.
MOST_BYTES = 4 * 1024 * 1024
#: Of one page, compressed.
_MOST_STORED = 512 * 1024


class Place(IntEnum):
    """Why a page is kept."""

    START = 0  #: The first start page.
    ITEMS = 1  #: The first page of another kind that gave items.
    MORE_ITEMS = 2  #: The first of a third kind.
    LACKING = 3  #: Its items lack a field that others of its kind had.
    NOTHING = 4  #: It gave neither items nor links.


@dataclass(frozen=True, slots=True)
class NewSample:
    """A page to be kept, and what its spider took from it."""

    #: One of the few that a job has; a place that is taken stays as it is.
    place: int
    request_id: bytes
    url: str
    status: int
    content_type: str
    #: None = it is too large to be kept.
    body: bytes | None
    #: Of the page, unpacked.
    size: int
    items: int
    #: In how many items each field held something.
    filled: Mapping[str, int]


def of_job(session: Session, job_id: uuid.UUID) -> Sequence[PageSample]:
    """The samples of a job, without the pages themselves."""
    query = select(PageSample).where(PageSample.job_id == job_id).order_by(PageSample.place)
    return session.scalars(query.options(defer(PageSample.body))).all()


def without(
    session: Session, job_id: uuid.UUID, field: str, like: PageSample | None = None
) -> PageSample | None:
    """The page of a job that shows best that a field is empty: one with items that lack it.

    Of several the one that is most `like` an earlier page; without items, any.
    """

    def rank(each: PageSample) -> tuple[bool, float, bool, bool, int]:
        share = int(each.filled.get(field, 0)) / each.items if each.items else 0.0
        is_other = like is not None and each.url != like.url
        differs = like is not None and (each.place == Place.START) != (like.place == Place.START)
        return not each.items, share, is_other, differs, each.place

    kept = [each for each in of_job(session, job_id) if each.is_kept]
    return min(kept, key=rank, default=None)


def last_with(session: Session, job: ScrapingJob, field: str) -> PageSample | None:
    """The latest page of an earlier, completed job on which the field held something."""
    query = (
        select(PageSample)
        .join(ScrapingJob, ScrapingJob.id == PageSample.job_id)
        .where(
            PageSample.target_id == job.target_id,
            PageSample.job_id != job.id,
            PageSample.is_kept,
            PageSample.filled.has_key(field),
            ScrapingJob.status == JobStatus.COMPLETED,
            ScrapingJob.queued_at < job.queued_at,
        )
        .order_by(PageSample.taken_at.desc(), PageSample.place)
        .limit(1)
    )
    return session.scalar(query.options(defer(PageSample.body)))


def body(session: Session, job_id: uuid.UUID, place: int) -> bytes:
    """A page as it was read. Raises NotFound."""
    key = (PageSample.job_id == job_id, PageSample.place == place)
    stored = session.scalar(select(PageSample.body).where(*key))
    if stored is None:
        raise NotFound(Sentence("This page was not kept, or is gone by now."))
    return ZstdDecompressor().decompress(stored, max_output_size=MOST_BYTES)


def parameters(samples: Sequence[NewSample]) -> dict[str, Any]:
    """What WRITE needs beside what a checkpoint knows. Compresses, so not on an event loop."""
    compressor = ZstdCompressor()
    return {
        "sampled_jobs": max(config.get().sampled_jobs - 1, 0),
        "sample_places": [each.place for each in samples],
        "sample_ids": [Binary(each.request_id) for each in samples],
        "sample_urls": [each.url for each in samples],
        "sample_statuses": [each.status for each in samples],
        "sample_types": [each.content_type for each in samples],
        "sample_sizes": [each.size for each in samples],
        "sample_bodies": [_packed(compressor, each.body) for each in samples],
        "sample_items": [each.items for each in samples],
        "sample_filled": [orjson.dumps(dict(each.filled)).decode() for each in samples],
    }


def _packed(compressor: ZstdCompressor, page: bytes | None) -> Any:
    stored = None if page is None else compressor.compress(page)
    return None if stored is None or len(stored) > _MOST_STORED else Binary(stored)


#: Before the statement of the checkpoint, in its transaction, and for whom that one is meant too.
#: The first lock is the checkpoint's own: two crawls of a job make room one after the other.
WRITE = """
SELECT FROM scraping_jobs WHERE id = %(job)s FOR NO KEY UPDATE;
WITH recent AS (
    SELECT job_id FROM page_samples WHERE target_id = %(target)s AND job_id <> %(job)s
    GROUP BY job_id ORDER BY max(taken_at) DESC LIMIT %(sampled_jobs)s
), telling AS (
    SELECT DISTINCT ON (f.name) s.job_id, s.place
    FROM page_samples s, jsonb_object_keys(s.filled) AS f (name)
    WHERE s.target_id = %(target)s AND s.body IS NOT NULL
    ORDER BY f.name, s.taken_at DESC
)
DELETE FROM page_samples
WHERE target_id = %(target)s AND job_id <> %(job)s
  AND job_id NOT IN (SELECT job_id FROM recent)
  AND (job_id, place) NOT IN (SELECT job_id, place FROM telling);
INSERT INTO page_samples (job_id, target_id, place, request_id, url, status, content_type, size,
                          body, items, filled)
SELECT %(job)s, %(target)s, p.place, p.id, p.url, p.status, p.type, p.size, p.body, p.items,
       p.filled::jsonb
FROM unnest(%(sample_places)s::smallint[], %(sample_ids)s::bytea[], %(sample_urls)s::text[],
            %(sample_statuses)s::smallint[], %(sample_types)s::text[], %(sample_sizes)s::int[],
            %(sample_bodies)s::bytea[], %(sample_items)s::int[], %(sample_filled)s::text[])
    AS p (place, id, url, status, type, size, body, items, filled)
WHERE EXISTS (SELECT FROM crawls c JOIN scraping_jobs j ON j.id = c.job_id
              WHERE j.id = %(job)s AND j.attempt = %(attempt)s AND j.status = 'running'
                AND c.attempt = j.attempt AND c.number = %(crawl)s AND c.ended_at IS NULL
                AND c.checkpoint = %(number)s - 1)
ON CONFLICT (job_id, place) DO NOTHING;
"""
