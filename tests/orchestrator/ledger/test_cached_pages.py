from collections.abc import Iterable

import pytest

from orchestrator.ledger import cached_pages
from orchestrator.ledger.cached_pages import (
    Changes,
    NewPage,
    PageCache,
    PageCopy,
    Validators,
)
from orchestrator.ledger.claims import Claim
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")

KEY, OTHER = b"\x00key", b"other"


def claimed(target: str = "shop") -> Claim:
    claim = given.claim(given.a_job(given.a_target(target)))
    assert claim is not None
    return claim


def opened(claim: Claim, most_bytes: int = 1_000_000) -> PageCache:
    cache = PageCache(claim, most_bytes=most_bytes)
    cache.open()
    return cache


def page(body: bytes = b"tea " * 1_000, etag: str | None = '"1"') -> NewPage:
    return NewPage("http://shop.test/", Validators(etag, "Wed"), PageCopy(b"A: b", body))


def incompressible(number: int) -> bytes:
    import random

    return random.Random(number).randbytes(1_000)


def test_a_page_comes_back_as_it_was_kept() -> None:
    claim = claimed()
    opened(claim).write(Changes({KEY: page(), OTHER: page(b"", etag=None)}))
    again = PageCache(claim, most_bytes=0)
    known = again.open()
    assert known == {KEY: Validators('"1"', "Wed"), OTHER: Validators(None, "Wed")}
    assert again.read([KEY, OTHER, b"none"]) == {
        KEY: PageCopy(b"A: b", b"tea " * 1_000),
        OTHER: PageCopy(b"A: b", b""),
    }


def test_bodies_are_compressed_and_their_size_is_known() -> None:
    opened(claimed()).write(Changes({KEY: page()}))
    [row] = given.execute("SELECT size, length(head) + length(body) AS held FROM cached_pages")
    assert row.size == row.held < 100


def test_a_page_kept_again_takes_the_place_of_the_earlier_one() -> None:
    cache = opened(claimed())
    cache.write(Changes({KEY: page(b"old")}))
    given.execute("UPDATE cached_pages SET seen_at = now() - interval '9 days'")
    cache.write(Changes({KEY: page(b"new", etag='"2"')}))
    assert cache.read([KEY])[KEY].body == b"new"
    assert cache.open()[KEY].etag == '"2"'
    assert given.count("cached_pages", "seen_at = now()") == 0
    assert given.count("cached_pages", "seen_at > now() - interval '1 minute'") == 1


def test_a_dropped_page_is_gone() -> None:
    cache = opened(claimed())
    cache.write(Changes({KEY: page(), OTHER: page()}))
    cache.write(Changes(dropped={KEY}))
    assert cache.read([KEY, OTHER]).keys() == {OTHER}


def test_that_a_page_was_seen_is_written_once_a_day() -> None:
    cache = opened(claimed())
    cache.write(Changes({KEY: page(), OTHER: page()}))
    given.execute(
        "UPDATE cached_pages SET seen_at = now() - CASE key WHEN :key"
        " THEN interval '25 hours' ELSE interval '23 hours' END",
        key=KEY,
    )
    cache.write(Changes(seen={KEY, OTHER}))
    fresh = given.execute("SELECT key FROM cached_pages WHERE seen_at > now() - interval '1 hour'")
    assert [bytes(row.key) for row in fresh] == [KEY]


def test_a_target_has_no_part_in_anothers_pages() -> None:
    opened(claimed()).write(Changes({KEY: page()}))
    other = opened(claimed("other"))
    other.write(Changes(dropped={KEY}))
    assert (other.open(), other.read([KEY])) == ({}, {})
    assert given.count("cached_pages") == 1


def test_an_attempt_that_lost_its_job_changes_nothing() -> None:
    cache = opened(claim := claimed())
    cache.write(Changes({KEY: page()}))
    given.execute("UPDATE scraping_jobs SET attempt = attempt + 1 WHERE id = :id", id=claim.job_id)
    cache.write(Changes({OTHER: page()}, dropped={KEY}))
    assert cache.open().keys() == {KEY}


def test_a_damaged_body_is_as_good_as_none() -> None:
    cache = opened(claimed())
    cache.write(Changes({KEY: page(), OTHER: page()}))
    given.execute("UPDATE cached_pages SET body = 'damaged' WHERE key = :key", key=KEY)
    assert cache.read([KEY, OTHER]).keys() == {OTHER}


def _keep(cache: PageCache, keys: Iterable[int]) -> None:
    cache.write(Changes({b"%d" % key: page(incompressible(key)) for key in keys}))


def test_a_target_keeps_no_more_bytes_than_it_may() -> None:
    claim = claimed()
    _keep(opened(claim, most_bytes=3_500), range(5))
    assert opened(claim).open().keys() == {b"0", b"1", b"2"}
    # What is there stays, and may change.
    _keep(opened(claim, most_bytes=3_500), [2, 3])
    assert opened(claim).open().keys() == {b"0", b"1", b"2"}


def test_a_target_keeps_no_more_pages_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cached_pages, "MOST_PAGES", 2)
    claim = claimed()
    _keep(opened(claim), range(5))
    assert opened(claim).open().keys() == {b"0", b"1"}


def test_pages_that_grow_have_no_more_room_than_others() -> None:
    claim = claimed()
    _keep(opened(claim, most_bytes=3_500), range(3))
    larger = {b"%d" % key: page(incompressible(key) + incompressible(9)[:300]) for key in range(3)}
    opened(claim, most_bytes=3_500).write(Changes(larger))
    sizes = given.execute("SELECT size FROM cached_pages ORDER BY key")
    assert [row.size > 1_300 for row in sizes] == [True, False, False]
    assert sum(row.size for row in sizes) <= 3_500


def test_pages_that_shrink_make_room() -> None:
    claim = claimed()
    _keep(opened(claim, most_bytes=3_500), range(3))
    cache = opened(claim, most_bytes=3_500)
    cache.write(Changes({b"0": page(b"")}))
    _keep(cache, [3])
    assert cache.open().keys() == {b"0", b"1", b"2", b"3"}
