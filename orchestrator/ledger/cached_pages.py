"""Cached pages: what a site sent last, and what it calls that state.

Whoever asks for a page again can name the state, and an unchanged page is not sent. Whatever of
this is lost costs bytes and nothing else, so a write is made once and never repeated.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from psycopg2.extensions import Binary
from zstandard import ZstdCompressor, ZstdDecompressor, ZstdError

from orchestrator import driver
from orchestrator.ledger.claims import Claim

#: What the cache keeps of a target: a crawl holds the validators of all of them in memory.
MOST_PAGES = 50_000


class Validators(NamedTuple):
    """By what a site knows a state of a page: one of them, or both."""

    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True)
class PageCopy:
    """A page as its site sent it."""

    #: Header lines.
    head: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class NewPage:
    """A page to be kept."""

    url: str
    validators: Validators
    copy: PageCopy


@dataclass(slots=True)
class Changes:
    """What became of pages since the last write, by key."""

    kept: dict[bytes, NewPage] = field(default_factory=dict)
    #: The site said of them that they are unchanged.
    seen: set[bytes] = field(default_factory=set)
    dropped: set[bytes] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.kept or self.seen or self.dropped)


class PageCache:
    """The cached pages of a target, for one attempt of a job.

    Its methods wait for Postgres. Each raises DatabaseAway or DatabaseNotMigrated.
    """

    def __init__(self, claim: Claim, *, most_bytes: int) -> None:
        self._claim = claim
        self._most_bytes = most_bytes
        self._sizes: dict[bytes, int] = {}
        self._bytes = 0
        self._compressor = ZstdCompressor()

    def open(self) -> dict[bytes, Validators]:
        """What its site calls each of the target's pages; one that is taken out counts as new."""
        rows = driver.ask(_KNOWN, {"target": self._claim.target_id, "most": MOST_PAGES})
        self._sizes = {bytes(row[0]): row[3] for row in rows}
        self._bytes = sum(self._sizes.values())
        return {bytes(row[0]): Validators(row[1], row[2]) for row in rows}

    def read(self, keys: Collection[bytes]) -> dict[bytes, PageCopy]:
        """The pages with these keys, as far as they are still there."""
        parameters = {"target": self._claim.target_id, "keys": _binaries(keys)}
        return dict(_unpacked(driver.ask(_READ, parameters)))

    def write(self, changes: Changes) -> None:
        """Keeps and forgets pages, while the attempt owns the job and as long as there is room.

        What lies there stays when a target has all it may have: a crawl comes by all its pages
        in turn, and would drive each out before it is asked for again.
        """
        rows = [row for row in self._packed(changes.kept) if self._has_room(row)]
        columns = list(zip(*rows, strict=True)) or [()] * 7
        keys, urls, etags, dates, heads, bodies, sizes = map(list, columns)
        parameters = {
            "job": self._claim.job_id,
            "attempt": self._claim.attempt,
            "target": self._claim.target_id,
            "dropped": _binaries(changes.dropped),
            "seen": _binaries(changes.seen),
            "keys": _binaries(keys),
            "urls": urls,
            "etags": etags,
            "dates": dates,
            "heads": _binaries(heads),
            "bodies": _binaries(bodies),
            "sizes": sizes,
        }
        driver.ask(_WRITE, parameters)

    def _packed(self, pages: Mapping[bytes, NewPage]) -> Iterator[tuple[Any, ...]]:
        # By key: whoever writes the same pages at the same time takes the rows in the same order.
        for key in sorted(pages):
            page = pages[key]
            body = self._compressor.compress(page.copy.body)
            size = len(page.copy.head) + len(body)
            yield (key, page.url, *page.validators, page.copy.head, body, size)

    def _has_room(self, row: tuple[Any, ...]) -> bool:
        """Counts the row in, unless that would be too much.

        A page that grew counts too: a site may send small pages first and large ones afterwards.
        """
        key, size = row[0], row[-1]
        more = size - self._sizes.get(key, 0)
        if key not in self._sizes and len(self._sizes) >= MOST_PAGES:
            return False
        if more > 0 and self._bytes + more > self._most_bytes:
            return False
        self._sizes[key], self._bytes = size, self._bytes + more
        return True


def _unpacked(rows: Any) -> Iterator[tuple[bytes, PageCopy]]:
    decompressor = ZstdDecompressor()
    for key, head, body in rows:
        try:
            yield bytes(key), PageCopy(bytes(head), decompressor.decompress(body))
        except ZstdError:
            # As if it were gone: it will be fetched and kept again.
            continue


def _binaries(values: Collection[bytes]) -> list[Any]:
    return [Binary(value) for value in values]


_KNOWN = """
SELECT key, etag, last_modified, size FROM cached_pages WHERE target_id = %(target)s LIMIT %(most)s
"""

_READ = """
SELECT key, head, body FROM cached_pages
WHERE target_id = %(target)s AND key = ANY(%(keys)s::bytea[])
"""

# An attempt that no longer owns its job writes nothing. When a page was last seen matters to the
# clean-up, in days: a write for each of an unchanged site's pages in each crawl would be waste.
_WRITE = """
WITH fence AS (
    SELECT FROM scraping_jobs
    WHERE id = %(job)s AND attempt = %(attempt)s AND status = 'running'
), dropped AS (
    DELETE FROM cached_pages
    WHERE target_id = %(target)s AND key = ANY(%(dropped)s::bytea[])
      AND EXISTS (SELECT FROM fence)
), seen AS (
    UPDATE cached_pages SET seen_at = now()
    WHERE target_id = %(target)s AND key = ANY(%(seen)s::bytea[])
      AND seen_at < now() - interval '1 day' AND EXISTS (SELECT FROM fence)
)
INSERT INTO cached_pages (target_id, key, url, etag, last_modified, head, body, size)
SELECT %(target)s, p.*
FROM fence, unnest(%(keys)s::bytea[], %(urls)s::text[], %(etags)s::text[], %(dates)s::text[],
                   %(heads)s::bytea[], %(bodies)s::bytea[], %(sizes)s::int[]) AS p
ON CONFLICT (target_id, key) DO UPDATE
SET url = excluded.url,
    etag = excluded.etag,
    last_modified = excluded.last_modified,
    head = excluded.head,
    body = excluded.body,
    size = excluded.size,
    stored_at = now(),
    seen_at = now()
"""
