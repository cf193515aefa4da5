"""The frontier as Scrapy's engine meets it, on a real Redis.

The engine itself is stood in for by the three things the frontier asks of it: what is in progress,
a way to wake it, and whether it is closing.
"""

import asyncio
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
import redis
import scrapy
from scrapy import Request
from scrapy.settings import Settings
from scrapy.statscollectors import StatsCollector
from scrapy.utils.request import RequestFingerprinter

from orchestrator.ledger.claims import Claim
from spiders_project.frontier import START_MARK, Frontier, NotShared


class ShopSpider(scrapy.Spider):
    name = "shop"

    def parse(self, response: Any) -> None:
        pass


class StatefulSpider(ShopSpider):
    resumable = False


class Engine:
    """What the frontier asks of Scrapy's engine, and what the engine does with requests."""

    def __init__(self, claim: Claim, spider: scrapy.Spider, most: int = 1_000) -> None:
        self.inprogress: set[Request] = set()
        self.woken = 0
        self.spider = None
        self._slot = SimpleNamespace(
            inprogress=self.inprogress, closing=None, nextcall=SimpleNamespace(schedule=self._wake)
        )
        crawler: Any = SimpleNamespace(
            settings=Settings({"KUMO_CLAIM": claim, "KUMO_FRONTIER_MOST": most}),
            request_fingerprinter=RequestFingerprinter(),
            engine=self,
        )
        crawler.stats = StatsCollector(
            SimpleNamespace(settings=crawler.settings)  # type: ignore[arg-type]
        )
        self.frontier = Frontier.from_crawler(crawler)
        self.frontier.open(spider)

    def _wake(self) -> None:
        self.woken += 1

    def take(self) -> Request | None:
        """The next request, in progress from now on."""
        request = self.frontier.next_request()
        if request is not None:
            self.inprogress.add(request)
        return request

    def fetch(self, *children: Request) -> str:
        """One page from its request to its end; answers its address."""
        request = self.take()
        assert request is not None
        for child in children:
            self.frontier.enqueue_request(child)
        self.inprogress.discard(request)
        return request.url

    def fetch_all(self) -> list[str]:
        fetched = []
        while (request := self.take()) is not None:
            fetched.append(request.url.removeprefix("http://shop.test/"))
            self.inprogress.discard(request)
        return fetched

    def checkpoint(self) -> None:
        """What the checkpoint does when its commit succeeded."""
        self.frontier.acknowledge(self.frontier.depart())


OpenEngine = Callable[..., Engine]


@pytest.fixture
def opened(redis_url: str) -> Iterator[OpenEngine]:
    """`opened(2)` is an engine with the second attempt's frontier; it runs in an event loop."""
    job_id, engines = str(uuid4()), []

    def open_engine(
        attempt: int = 1, spider: Any = ShopSpider, *, number: int = 0, **options: Any
    ) -> Engine:
        claim = Claim(job_id, attempt, 1, {}, number=number, places=2)
        engines.append(Engine(claim, spider(), **options))
        return engines[-1]

    async def opening(*arguments: Any, **options: Any) -> Engine:
        return open_engine(*arguments, **options)

    with asyncio.Runner() as runner:
        yield lambda *arguments, **options: runner.run(opening(*arguments, **options))
        for engine in engines:
            engine.frontier.close("finished")


@pytest.fixture
def engine(opened: OpenEngine) -> Engine:
    return opened()


def _page(name: str, **options: Any) -> Request:
    return Request(f"http://shop.test/{name}", **options)


def _start(name: str) -> Request:
    """As the engine and StartOnce hand it over."""
    return _page(name, dont_filter=True, meta={"is_start_request": True, START_MARK: True})


def _queue(engine: Engine, *requests: Request) -> list[bool]:
    return [engine.frontier.enqueue_request(request) for request in requests]


# The order


def test_the_newest_request_is_fetched_first(engine: Engine) -> None:
    _queue(engine, _page("a"), _page("b"), _page("c"))
    assert engine.fetch_all() == ["c", "b", "a"]


def test_a_higher_priority_goes_before_a_newer_request(engine: Engine) -> None:
    _queue(engine, _page("urgent", priority=1), _page("later", priority=-1), _page("newest"))
    assert engine.fetch_all() == ["urgent", "newest", "later"]


def test_start_requests_come_last_and_in_their_order(engine: Engine) -> None:
    _queue(engine, _start("one"), _start("two"), _page("link"), _start("three"))
    assert engine.fetch_all() == ["link", "one", "two", "three"]


# What was seen


def test_a_request_is_fetched_once(engine: Engine) -> None:
    assert _queue(engine, _page("a"), _page("a")) == [True, False]
    assert engine.fetch_all() == ["a"]
    engine.checkpoint()
    _queue(engine, _page("a"))
    assert engine.fetch_all() == []


def test_another_body_or_method_is_another_request(engine: Engine) -> None:
    _queue(engine, _page("a"), _page("a", method="POST"), _page("a", method="POST", body=b"x"))
    assert engine.fetch_all() == ["a", "a", "a"]


def test_what_asks_not_to_be_filtered_is_fetched_each_time(engine: Engine) -> None:
    assert _queue(engine, *(_page("a", dont_filter=True) for _ in range(3))) == [True] * 3
    assert engine.fetch_all() == ["a", "a", "a"]


def test_start_requests_are_not_repeated_by_the_next_attempt(opened: OpenEngine) -> None:
    first = opened(1)
    _queue(first, _start("one"), _start("two"))
    assert first.fetch() == "http://shop.test/one"
    first.checkpoint()
    second = opened(2)
    _queue(second, _start("one"), _start("two"))
    assert second.fetch_all() == ["two"]


def test_equal_start_requests_are_each_fetched_once_over_all_attempts(opened: OpenEngine) -> None:
    first = opened(1)
    _queue(first, _start("one"), _start("one"), _start("one"))
    assert first.fetch() == "http://shop.test/one"
    first.checkpoint()
    second = opened(2)
    _queue(second, _start("one"), _start("one"), _start("one"))
    assert second.fetch_all() == ["one", "one"]


# Several crawls of a job


def test_start_requests_of_several_crawls_are_each_fetched_once(opened: OpenEngine) -> None:
    first, second = opened(), opened(number=1)
    for each in (first, second):
        _queue(each, _start("one"), _start("two"), _start("two"))
    fetched = [*first.fetch_all(), *second.fetch_all()]
    assert sorted(fetched) == ["one", "two", "two"]


def test_no_crawl_ends_while_another_is_at_a_page(opened: OpenEngine) -> None:
    first, second = opened(), opened(number=1)
    _queue(first, _start("one"))
    assert first.take()
    assert second.fetch_all() == []
    assert second.frontier.has_pending_requests()
    first.inprogress.clear()
    first.frontier.reach()
    first.frontier.seeded = second.frontier.seeded = True
    first.checkpoint()
    assert second.fetch_all() == []
    assert not second.frontier.has_pending_requests()
    assert second.frontier.is_proven()


def test_a_frontier_is_forgotten_by_the_last_to_leave(opened: OpenEngine, redis_url: str) -> None:
    first, second = opened(), opened(number=1)
    _queue(first, _start("one"))
    first.frontier.close("finished")
    first.frontier.forget()
    with redis.Redis.from_url(redis_url) as client:
        assert client.keys("*:mark")
        assert second.fetch_all() == ["one"]
        second.frontier.close("finished")
        second.frontier.forget()
        assert not client.keys("*:mark")


def test_a_spider_that_keeps_state_has_one_crawl(opened: OpenEngine) -> None:
    first = opened(spider=StatefulSpider)
    _queue(first, _page("a"))
    assert first.take()
    with pytest.raises(NotShared, match="resumable = False"):
        opened(spider=StatefulSpider, number=1)
    first.inprogress.clear()
    first.checkpoint()
    assert first.frontier.state.done == 1


def test_what_start_left_in_memory_is_asked_for_again_by_the_next_attempt(
    opened: OpenEngine,
) -> None:
    first = opened()
    _queue(first, _start("kept"), _page("in-memory", callback=lambda page: None))
    first.frontier.seeded = True
    first.checkpoint()
    assert not opened(2).frontier.seeded


# Given back, acknowledged, proven


def test_a_page_is_acknowledged_only_when_it_has_left_the_engine(engine: Engine) -> None:
    _queue(engine, _page("a"))
    request = engine.take()
    engine.checkpoint()
    assert engine.frontier.state.done == 0
    engine.inprogress.discard(request)  # type: ignore[arg-type]
    engine.checkpoint()
    assert engine.frontier.state.done == 1


def test_a_page_that_left_and_was_not_acknowledged_is_fetched_again(opened: OpenEngine) -> None:
    first = opened(1)
    _queue(first, _page("a"))
    assert first.fetch(_page("child")) == "http://shop.test/a"
    first.frontier.depart()
    _queue(first, _page("a"))
    second = opened(2)
    assert second.fetch_all() == ["a"]


def test_children_are_queued_with_the_acknowledgement_of_their_parent(opened: OpenEngine) -> None:
    first = opened(1)
    _queue(first, _page("a"))
    first.fetch(_page("child"))
    first.checkpoint()
    assert opened(2).fetch_all() == ["child"]


def test_requests_that_were_taken_and_not_begun_are_given_back_at_the_end(
    opened: OpenEngine, redis_url: str
) -> None:
    first = opened(1)
    _queue(first, *(_page(f"{number}") for number in range(10)))
    first.fetch()
    first.checkpoint()
    first.frontier.close("shutdown")
    with redis.Redis.from_url(redis_url) as client:
        (leases,) = client.keys("*:leases") or [b""]
        assert not leases
        (queue,) = client.keys("*:queue")
        assert client.zcard(queue) == 9


def test_a_frontier_is_proven_when_all_is_seeded_reached_and_acknowledged(engine: Engine) -> None:
    frontier = engine.frontier
    _queue(engine, _start("one"))
    engine.fetch_all()
    frontier.seeded = True
    frontier.reach()
    assert not frontier.is_proven()
    engine.checkpoint()
    assert frontier.is_proven()
    assert not frontier.has_pending_requests()


def test_a_start_page_counts_once_it_is_recorded(engine: Engine) -> None:
    _queue(engine, _start("one"))
    engine.fetch_all()
    engine.frontier.reach()
    assert not engine.frontier.reached
    engine.checkpoint()
    assert engine.frontier.reached


@pytest.mark.parametrize("fact", ["seeded", "reached"])
def test_without_its_start_nothing_is_proven(engine: Engine, fact: str) -> None:
    setattr(engine.frontier, fact, True)
    engine.checkpoint()
    assert not engine.frontier.is_proven()


def test_a_spider_that_keeps_state_starts_afresh(opened: OpenEngine) -> None:
    first = opened(1, StatefulSpider)
    _queue(first, _page("a"), _page("b"))
    first.fetch_all()
    first.checkpoint()
    second = opened(2, StatefulSpider)
    _queue(second, _page("a"))
    assert second.fetch_all() == ["a"]
    assert second.frontier.state.queued == 1


# What cannot be written down


def test_a_parent_is_acknowledged_only_after_the_requests_that_memory_alone_holds(
    engine: Engine,
) -> None:
    _queue(engine, _page("parent"))
    parent = engine.take()
    _queue(engine, _page("in_memory", callback=lambda page: None), _page("written"))
    engine.inprogress.discard(parent)  # type: ignore[arg-type]
    engine.checkpoint()
    assert engine.frontier.state.done == 0
    child = engine.take()
    assert child is not None
    assert child.url.endswith("in_memory")
    engine.checkpoint()
    assert engine.frontier.state.done == 0
    engine.inprogress.discard(child)
    engine.checkpoint()
    assert engine.frontier.state.done == 1


def test_a_chain_of_requests_in_memory_holds_its_first_parent_to_the_end(engine: Engine) -> None:
    _queue(engine, _page("parent"))
    engine.fetch(_page("one", meta={"place": (1,)}))
    engine.fetch(_page("two", meta={"place": (2,)}))
    engine.checkpoint()
    assert engine.frontier.state.done == 0
    engine.fetch()
    engine.checkpoint()
    assert engine.frontier.state.done == 1


def test_requests_in_memory_are_pending_and_are_handed_out_as_they_are(engine: Engine) -> None:
    request = _page("a", meta={"place": (1, 2)})
    assert _queue(engine, request, _page("a", meta={"place": (1, 2)})) == [True, False]
    assert engine.frontier.has_pending_requests()
    assert engine.take() is request


# Troubles


def test_a_frontier_over_its_cap_is_a_trouble_that_is_said(opened: OpenEngine) -> None:
    engine = opened(1, most=100)
    _queue(engine, *(_page(f"{number}") for number in range(600)))
    engine.frontier.next_request()
    assert engine.frontier.trouble
    assert engine.frontier.trouble[0] == "frontier_full"


def test_a_frontier_that_redis_forgot_is_a_trouble_and_never_an_end(
    engine: Engine, redis_url: str
) -> None:
    engine.frontier.seeded = engine.frontier.reached = True
    _queue(engine, _page("a"), _page("b"))
    engine.fetch()
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
    engine.checkpoint()
    assert engine.frontier.trouble
    assert engine.frontier.trouble[0] == "frontier_lost"
    assert not engine.frontier.is_proven()


def test_an_overtaken_attempt_gets_nothing_more(opened: OpenEngine) -> None:
    first = opened(1)
    _queue(first, _page("a"))
    opened(2)
    assert first.take() is None
    assert first.frontier.trouble
    assert first.frontier.trouble[0] == "lease_lost"


def test_nothing_is_handed_out_while_the_checkpoint_is_full(engine: Engine) -> None:
    _queue(engine, _page("a"))
    engine.frontier.is_held_up = lambda: True
    assert engine.take() is None
    assert engine.frontier.has_pending_requests()
    engine.frontier.is_held_up = lambda: False
    assert engine.fetch_all() == ["a"]
