"""The scripts of sites' turns, on a real Redis; time passes by moving what they have written."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Protocol
from uuid import uuid4

import pytest
import redis

from orchestrator import config, sites
from orchestrator.ledger.budgets import Budget
from orchestrator.sites import Cause
from spiders_project.complaints import Complaint
from spiders_project.leases import FrontierAway
from spiders_project.turn_books import Answer, Asking, SharedTurns

SITE = "shop.example"
STATE, CRAWLS, FLIGHTS, LINE = sites.keys(SITE)
SECOND = 1_000_000


class OpenBook(Protocol):
    def __call__(self) -> SharedTurns: ...


@pytest.fixture
def server(redis_url: str) -> Iterator[redis.Redis]:
    sites._redis.cache_clear()
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        yield client
    sites._redis().close()
    sites._redis.cache_clear()


@pytest.fixture
def opened(server: redis.Redis) -> Iterator[OpenBook]:
    """Each call is another crawl."""
    with ExitStack() as stack:

        def open_book() -> SharedTurns:
            book = SharedTurns(str(uuid4()))
            stack.callback(book.close)
            return book

        yield open_book


@pytest.fixture
def book(opened: OpenBook) -> SharedTurns:
    return opened()


def _budget(rate: float = 0, in_flight: int = 0) -> None:
    sites.tell(SITE, Budget(rate, in_flight))


def _ask(book: SharedTurns, wanted: int = 1, *, in_flight: int = 0, slot: int = 0) -> Answer:
    return book.ask(SITE, Asking(in_flight, wanted, slot))


def _later(server: redis.Redis, seconds: float) -> None:
    """Lets that time pass for the site."""
    micros = int(seconds * SECOND)
    for name in ("free", "hold", "told"):
        if server.hexists(STATE, name):
            moved = float(server.hget(STATE, name) or 0) - micros
            server.hset(STATE, name, f"{moved:.0f}")
    for key in (CRAWLS, LINE):
        for crawl, at in server.zrange(key, 0, -1, withscores=True):
            server.zadd(key, {crawl: at - micros})


def test_nothing_is_granted_before_the_budget_is_told(book: SharedTurns) -> None:
    assert _ask(book).unknown
    _budget()
    assert _ask(book, 3) == Answer(3)


def test_turns_are_spaced_by_the_rate(book: SharedTurns, server: redis.Redis) -> None:
    _budget(10)
    first = _ask(book, 3)
    assert first.granted == 1
    assert 0.08 < first.wait_seconds <= 0.1
    early = _ask(book, 2, in_flight=1, slot=first.slot)
    assert (early.granted, early.slot) == (0, first.slot)
    _later(server, 0.1)
    second = _ask(book, 2, in_flight=1, slot=first.slot - SECOND // 10)
    assert second.granted == 1
    assert second.slot == first.slot


def test_crawls_alternate_and_together_keep_the_rate(opened: OpenBook) -> None:
    _budget(10)
    one, other = opened(), opened()
    first, second = _ask(one, 5), _ask(other, 5)
    assert (first.granted, second.granted) == (1, 0)
    assert second.slot - first.slot == SECOND // 10


def test_requests_in_flight_are_capped_over_all_crawls(opened: OpenBook) -> None:
    _budget(in_flight=4)
    one, other = opened(), opened()
    assert _ask(one, 3).granted == 3
    assert _ask(other, 3).granted == 1
    assert _ask(one, 1, in_flight=3).granted == 0


def test_places_that_get_free_go_round(opened: OpenBook) -> None:
    _budget(in_flight=2)
    greedy, patient = opened(), opened()
    assert _ask(greedy, 5).granted == 2
    assert _ask(patient, 2).granted == 0
    assert _ask(greedy, 3, in_flight=1).granted == 1
    assert _ask(greedy, 2, in_flight=1).granted == 0
    assert _ask(patient, 2).granted == 1


def test_who_waits_no_more_holds_nobody_up(opened: OpenBook, server: redis.Redis) -> None:
    _budget(in_flight=1)
    one, gone = opened(), opened()
    assert _ask(one).granted == 1
    assert _ask(gone).granted == 0
    _later(server, 3)
    assert _ask(one).granted == 1


def test_a_killed_crawl_gives_its_places_back_in_time(
    opened: OpenBook, server: redis.Redis
) -> None:
    _budget(in_flight=1)
    killed, other = opened(), opened()
    assert _ask(killed).granted == 1
    assert _ask(other).granted == 0
    _later(server, config.get().lease_seconds + 1)
    assert _ask(other).granted == 1
    assert server.hgetall(FLIGHTS) == {other.crawl: "1"}


def test_nobody_starts_before_the_time_that_the_site_named(
    opened: OpenBook, server: redis.Redis
) -> None:
    _budget()
    one, other = opened(), opened()
    assert one.complain(SITE, Complaint(90, too_many=True)) == pytest.approx(90, abs=1)
    for book in (one, other):
        answer = _ask(book, 4)
        assert (answer.granted, answer.cause) == (0, Cause.ASKED)
        assert answer.hold_seconds == answer.wait_seconds == pytest.approx(90, abs=1)
    _later(server, 91)
    assert _ask(other).granted == 1


def test_a_turn_reserved_before_a_pause_is_void(book: SharedTurns) -> None:
    _budget(10)
    reserved = _ask(book, 2).slot
    book.complain(SITE, Complaint(5, too_many=False))
    assert _ask(book, in_flight=1, slot=reserved).slot == 0


def test_a_shorter_pause_does_not_end_a_longer_one(book: SharedTurns) -> None:
    book.complain(SITE, Complaint(90, too_many=True))
    assert book.complain(SITE, Complaint(5, too_many=True)) > 80
    assert book.complain(SITE, Complaint(None, too_many=True)) > 80


def test_pauses_without_a_time_grow_and_take_half_the_rate(
    book: SharedTurns, server: redis.Redis
) -> None:
    _budget(10)
    assert book.complain(SITE, Complaint(None, too_many=True)) == pytest.approx(2)
    # What was in flight complains too; that is no second complaint.
    assert book.complain(SITE, Complaint(None, too_many=True)) <= 2
    _later(server, 2.1)
    assert book.complain(SITE, Complaint(None, too_many=False)) == pytest.approx(4)
    _later(server, 4.1)
    first = _ask(book, 2)
    assert (first.granted, first.cause) == (1, None)
    assert first.wait_seconds == pytest.approx(0.4, abs=0.02)


def test_the_rate_recovers_slowly(book: SharedTurns, server: redis.Redis) -> None:
    _budget(10)
    book.complain(SITE, Complaint(None, too_many=True))
    _later(server, 2 + 60)
    assert _ask(book, 2).wait_seconds == pytest.approx(0.1 * 2**0.5, abs=0.01)
    _later(server, 60)
    assert _ask(book, 2).wait_seconds <= 0.1


def test_a_site_without_a_cap_that_complains_gets_one_for_a_while(
    book: SharedTurns, server: redis.Redis
) -> None:
    _budget()
    book.complain(SITE, Complaint(None, too_many=True))
    _later(server, 2.1)
    assert _ask(book, 5).granted == 1
    _later(server, 130)
    assert _ask(book, 5).granted == 5


def test_the_crawl_delay_that_one_crawl_read_holds_for_all(opened: OpenBook) -> None:
    _budget(100)
    one, other = opened(), opened()
    assert one.ask(SITE, Asking(wanted=1, delay=3)).granted == 1
    assert _ask(other).wait_seconds == pytest.approx(3, abs=0.1)


def test_a_budget_that_is_changed_counts_at_the_next_turn(book: SharedTurns) -> None:
    _budget(0.01)
    slow = _ask(book, 2)
    assert slow.wait_seconds > 90
    _budget(5)
    fast = _ask(book, in_flight=1, slot=slow.slot)
    assert fast.granted == 1


def test_an_old_budget_is_looked_up_again_by_one_crawl(
    opened: OpenBook, server: redis.Redis
) -> None:
    _budget()
    one, other = opened(), opened()
    assert not _ask(one).stale
    _later(server, 61)
    assert [_ask(one).stale, _ask(other).stale] == [True, False]


def test_a_redis_that_forgot_everything_learns_it_with_the_next_turn(
    book: SharedTurns, server: redis.Redis
) -> None:
    _budget(10, 8)
    slot = _ask(book, 2).slot
    server.flushall()
    assert _ask(book, in_flight=5, slot=slot).unknown
    _budget(10, 8)
    assert _ask(book, in_flight=5, slot=slot).granted == 1
    assert server.hget(FLIGHTS, book.crawl) == "6"


def test_a_redis_that_is_away_grants_nothing(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    config.get.cache_clear()
    book = SharedTurns("nobody")
    for _ in range(2):
        with pytest.raises(FrontierAway):
            _ask(book)


def test_what_a_site_bears_can_be_read(book: SharedTurns, server: redis.Redis) -> None:
    _budget(10)
    book.note_use(SITE)
    _ask(book)
    book.complain(SITE, Complaint(600, too_many=True))
    (use,) = sites.used()
    assert (use.name, use.in_flight, use.requests, use.cause) == (SITE, 1, 1, Cause.ASKED)
    assert [str(job_id) for job_id in use.job_ids] == [book.crawl]
    assert use.part == 0.5
    assert use.hold_until


def test_what_a_killed_crawl_has_left_is_forgotten(
    server: redis.Redis, book: SharedTurns, opened: OpenBook
) -> None:
    _budget(in_flight=1)
    _ask(book)
    # Within the minute its place is free again, and taken anew, and another crawl waits for it.
    _ask(book, wanted=0)
    _ask(book)
    _ask(opened())
    assert server.exists(FLIGHTS, LINE) == 2
    assert min(map(server.ttl, (STATE, CRAWLS, FLIGHTS, LINE))) > 0


def test_the_places_of_a_crawl_that_is_gone_are_free_at_once(opened: OpenBook) -> None:
    _budget(in_flight=2)
    gone, other = opened(), opened()
    assert _ask(gone, 2).granted == 2
    gone.note_use(SITE)
    assert _ask(other).granted == 0
    sites.leave(gone.crawl)
    assert _ask(other, 2).granted == 2


def test_crawls_of_a_job_are_told_apart_at_a_site_and_are_one_job(opened: OpenBook) -> None:
    job_id = str(uuid4())
    assert len({sites.crawl_name(job_id, number) for number in range(3)}) == 3
    _budget()
    for number in range(2):
        book = opened()
        book.crawl = sites.crawl_name(job_id, number)
        _ask(book)
        book.note_use(SITE)
    (use,) = sites.used()
    assert [str(each) for each in use.job_ids] == [job_id]
