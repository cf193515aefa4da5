"""Samples of pages as a crawl keeps them: in the transaction of a checkpoint."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import orjson
from psycopg2.extensions import Binary
from zstandard import ZstdCompressor

from orchestrator import config

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
