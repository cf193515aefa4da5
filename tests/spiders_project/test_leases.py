"""The scripts of the frontier, on a real Redis."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Protocol
from uuid import uuid4

import pytest
import redis

from orchestrator import frontiers
from orchestrator.exceptions import LeaseLost
from orchestrator.ledger.sharing import MOST_CRAWLS
from spiders_project.leases import Answer, FrontierAway, FrontierLost, LeaseBook, Push, Trip
from tests import awaiting

JOB = str(uuid4())
MARK, REQUESTS, QUEUE, LEASES = frontiers.keys(JOB)


class OpenBook(Protocol):
    def __call__(self, attempt: int = 1, number: int = 0, *, afresh: bool = False) -> LeaseBook: ...


@pytest.fixture
def server(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def opened(redis_url: str) -> Iterator[OpenBook]:
    """`opened(2)` is the frontier as its second attempt has opened it."""
    with ExitStack() as stack:

        def open_book(attempt: int = 1, number: int = 0, *, afresh: bool = False) -> LeaseBook:
            book = LeaseBook(JOB, attempt, number)
            stack.callback(book.close)
            book.open(afresh=afresh)
            return book

        yield open_book


@pytest.fixture
def book(opened: OpenBook) -> LeaseBook:
    return opened()


def _push(*names: str, first: float = 1) -> list[Push]:
    return [Push(name.encode(), first + at, b"{}") for at, name in enumerate(names)]


def _travel(book: LeaseBook, take: int = 0, *, lease_seconds: float = 60, **trip: object) -> Answer:
    return book.travel(Trip(**trip), take=take, lease_seconds=lease_seconds)  # type: ignore[arg-type]


def _names(answer: Answer) -> list[str]:
    return [request_id.decode() for request_id, _ in answer.taken]


def test_requests_are_taken_by_score(book: LeaseBook) -> None:
    late, early = _push("late", first=9), _push("early", first=-3)
    answer = _travel(book, 10, pushes=[*late, *early])
    assert _names(answer) == ["early", "late"]
    assert (answer.queued, answer.waiting, answer.leased, answer.done) == (2, 0, 2, 0)


def test_a_request_is_queued_once(book: LeaseBook) -> None:
    _travel(book, pushes=_push("a"))
    answer = _travel(book, 10, pushes=_push("a", "a", "b"))
    assert answer.queued == 2
    assert sorted(_names(answer)) == ["a", "b"]


def test_a_request_that_was_acknowledged_is_still_known(book: LeaseBook) -> None:
    _travel(book, 1, pushes=_push("a"))
    _travel(book, done=[b"a"])
    answer = _travel(book, 1, pushes=_push("a"))
    assert answer.taken == []
    assert (answer.queued, answer.done) == (1, 1)


def test_a_trip_that_is_made_twice_changes_nothing(book: LeaseBook) -> None:
    _travel(book, 1, pushes=_push("parent"))
    trip = {"pushes": _push("x", "y"), "done": [b"parent"], "seeded": True, "reached": True}
    once, again = _travel(book, **trip), _travel(book, **trip)
    assert once == again
    assert (again.queued, again.done, again.waiting, again.leased) == (3, 1, 2, 0)


def test_what_is_leased_is_given_to_nobody_else(book: LeaseBook) -> None:
    assert _names(_travel(book, 1, pushes=_push("a", "b"))) == ["a"]
    assert _names(_travel(book, 10)) == ["b"]
    assert _names(_travel(book, 10)) == []


def test_children_are_there_before_their_parent_is_acknowledged(
    book: LeaseBook, server: redis.Redis
) -> None:
    _travel(book, 1, pushes=_push("parent"))
    with server.monitor() as monitor:
        _travel(book, pushes=_push("child"), done=[b"parent"])
        commands = [each["command"] for each in _until_the_tick(monitor)]
    pushed = next(at for at, said in enumerate(commands) if said.startswith("ZADD"))
    acknowledged = next(at for at, said in enumerate(commands) if said.startswith("ZREM"))
    assert "child" in commands[pushed]
    assert "parent" in commands[acknowledged]
    assert pushed < acknowledged


def _until_the_tick(monitor: redis.client.Monitor) -> Iterator[dict[str, str]]:
    for each in monitor.listen():
        yield each
        if each["command"].startswith("HINCRBY") and ":mark tick" in each["command"]:
            return


def test_a_take_over_gets_back_what_was_leased_first_of_all(opened: OpenBook) -> None:
    old = opened(1)
    _travel(old, 2, pushes=_push("a", "b", "c"))
    answer = _travel(opened(2), 10)
    assert _names(answer) == ["a", "b", "c"]
    assert answer.queued == 3


def test_an_attempt_that_was_overtaken_may_do_nothing(
    opened: OpenBook, server: redis.Redis
) -> None:
    old, _ = opened(1), opened(2)
    with pytest.raises(LeaseLost):
        _travel(old, pushes=_push("a"))
    assert not server.exists(REQUESTS)
    with pytest.raises(LeaseLost):
        opened(1)


def test_what_was_seeded_and_reached_is_known_to_the_next_attempt(opened: OpenBook) -> None:
    _travel(opened(1), pushes=_push("a"), seeded=True, reached=True)
    book = LeaseBook(JOB, 2)
    assert book.open(afresh=False) == (True, True)
    assert book.open(afresh=True) == (False, False)
    assert _travel(book, 1).queued == 0
    book.close()


def test_a_frontier_that_was_wiped_is_lost(book: LeaseBook, server: redis.Redis) -> None:
    _travel(book, pushes=_push("a"))
    server.flushdb()
    with pytest.raises(FrontierLost):
        _travel(book, 1)
    assert server.keys() == []


def test_a_frontier_that_was_made_anew_is_lost_to_who_knew_the_old_one(
    opened: OpenBook, server: redis.Redis
) -> None:
    book = opened(1)
    server.flushdb()
    opened(1)
    with pytest.raises(FrontierLost):
        _travel(book, 1)


def test_a_frontier_restored_from_earlier_data_is_lost(
    book: LeaseBook, server: redis.Redis
) -> None:
    _travel(book, pushes=_push("a"))
    saved = server.dump(MARK)
    _travel(book)
    _travel(book)
    server.restore(MARK, 0, saved, replace=True)
    with pytest.raises(FrontierLost, match="older"):
        _travel(book)


def test_a_lease_that_runs_out_comes_back(book: LeaseBook) -> None:
    _travel(book, 1, pushes=_push("a"), lease_seconds=0.001)
    assert awaiting.until(lambda: _names(_travel(book, 1)), "the request again") == ["a"]


def test_a_lease_that_is_renewed_stays(book: LeaseBook, server: redis.Redis) -> None:
    _travel(book, 2, pushes=_push("kept", "left"), lease_seconds=0.2)
    _travel(book, renewed=[b"kept"], lease_seconds=60)
    assert awaiting.until(lambda: _names(_travel(book, 2)), "the other again") == ["left"]
    assert set(server.zrange(LEASES, 0, -1)) == {b"kept", b"left"}


def test_what_nobody_holds_cannot_be_renewed(book: LeaseBook, server: redis.Redis) -> None:
    _travel(book, renewed=[b"unknown"])
    assert not server.exists(LEASES)


def test_returned_requests_are_taken_first(book: LeaseBook) -> None:
    _travel(book, 2, pushes=_push("a", "b", "c"))
    _travel(book, returned=[b"b", b"unknown"])
    assert _names(_travel(book, 10)) == ["b", "c"]


def test_an_acknowledgement_holds_whoever_has_the_lease_by_then(opened: OpenBook) -> None:
    _travel(opened(1), 1, pushes=_push("a"))
    answer = _travel(opened(2), 1, done=[b"a"])
    assert answer.taken == []
    assert (answer.done, answer.waiting, answer.leased) == (1, 0, 0)


# Several crawls of an attempt


def test_who_joins_takes_nothing_from_the_others(opened: OpenBook) -> None:
    first = opened()
    _travel(first, 2, pushes=_push("a", "b", "c"), reached=True)
    answer = _travel(opened(1, 1), 10)
    assert _names(answer) == ["c"]
    assert (answer.leased, answer.crawls, answer.reached) == (3, 2, True)


def test_each_takes_no_more_than_its_share(opened: OpenBook) -> None:
    first, second = opened(), opened(1, 1)
    assert len(_names(_travel(first, 64, pushes=_push(*"abcdefgh")))) == 4
    assert len(_names(_travel(second, 64))) == 2
    assert len(_names(_travel(second, 64))) == 1
    assert len(_names(_travel(first, 64))) == 1


def test_what_a_crawl_held_is_given_back_when_it_has_left(opened: OpenBook) -> None:
    first, second = opened(), opened(1, 1)
    _travel(first, 2, pushes=_push("a", "b", "c", "d"))
    _travel(second, 1)
    assert frontiers.leave(JOB, 1, 0) == 1
    answer = _travel(second, 10)
    assert _names(answer) == ["a", "b", "d"]
    assert (answer.leased, answer.crawls) == (4, 1)
    with pytest.raises(LeaseLost):
        _travel(first, done=[b"a"])


def test_who_has_left_cannot_come_back_and_leaves_once(opened: OpenBook) -> None:
    opened(), opened(1, 1)
    assert [frontiers.leave(JOB, 1, 1) for _ in range(2)] == [1, 1]
    with pytest.raises(LeaseLost):
        opened(1, 1)
    assert _travel(opened(1, 2)).crawls == 2


def test_who_was_given_up_before_it_began_cannot_begin(opened: OpenBook) -> None:
    opened()
    assert frontiers.leave(JOB, 1, 1) == 1
    with pytest.raises(LeaseLost):
        opened(1, 1)


def test_a_page_that_was_given_up_is_taken_by_nobody(opened: OpenBook) -> None:
    first, second = opened(), opened(1, 1)
    _travel(first, 1, pushes=_push("poison", "b"))
    for _ in range(2):
        frontiers.leave(JOB, 1, 0, left_out=[b"poison".hex()])
    answer = _travel(second, 10)
    assert _names(answer) == ["b"]
    assert (answer.done, answer.queued) == (1, 2)


def test_a_new_attempt_takes_from_all_and_forgets_who_left(opened: OpenBook) -> None:
    first, second = opened(), opened(1, 1)
    _travel(first, 1, pushes=_push("a", "b", "c"))
    _travel(second, 1)
    frontiers.leave(JOB, 1, 1)
    answer = _travel(opened(2, 1), 10)
    assert sorted(_names(answer)) == ["a", "b", "c"]
    assert answer.crawls == 1
    assert frontiers.leave(JOB, 1, 1) == 0
    with pytest.raises(LeaseLost):
        _travel(first)


def test_what_another_took_meanwhile_is_not_given_back_by_who_lost_it(opened: OpenBook) -> None:
    first, second = opened(), opened(1, 1)
    _travel(first, 1, pushes=_push("a"), lease_seconds=0.001)
    assert awaiting.until(lambda: _names(_travel(second, 1)), "the request again") == ["a"]
    assert _travel(first, returned=[b"a"]).waiting == 0
    frontiers.leave(JOB, 1, 0)
    assert _travel(second).leased == 1


def test_a_lease_tells_its_holder_however_many_there_were(opened: OpenBook) -> None:
    first, last = opened(1, 0), opened(1, MOST_CRAWLS - 1)
    _travel(first, 1, pushes=_push("a", "b"))
    _travel(last, 1)
    frontiers.leave(JOB, 1, MOST_CRAWLS - 1)
    assert _names(_travel(first, 1)) == ["b"]


def test_a_crawl_that_an_older_frontier_does_not_know_has_lost_it(
    opened: OpenBook, server: redis.Redis
) -> None:
    opened()
    saved = server.dump(MARK)
    second = opened(1, 1)
    server.restore(MARK, 0, saved, replace=True)
    with pytest.raises(FrontierLost):
        _travel(second)


def test_a_crawl_whose_own_trips_an_older_frontier_has_goes_on(
    opened: OpenBook, server: redis.Redis
) -> None:
    first, second = opened(), opened(1, 1)
    saved = server.dump(MARK)
    _travel(first)
    server.restore(MARK, 0, saved, replace=True)
    _travel(second)
    with pytest.raises(FrontierLost, match="older"):
        _travel(first)


def test_a_redis_that_refuses_is_away_and_the_trip_can_be_made_again(
    book: LeaseBook, server: redis.Redis
) -> None:
    server.config_set("maxmemory", 1)
    try:
        with pytest.raises(FrontierAway):
            _travel(book, pushes=_push("a"))
    finally:
        server.config_set("maxmemory", 0)
    assert _names(_travel(book, 1, pushes=_push("a"))) == ["a"]


def test_a_redis_that_is_not_there_is_away(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9/0")
    book = LeaseBook(JOB, 1)
    with pytest.raises(FrontierAway):
        book.open(afresh=False)
    book.close()
