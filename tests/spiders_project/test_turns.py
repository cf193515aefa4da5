"""How requests of one crawl wait for their turns."""

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
import redis
from scrapy import Request
from scrapy.http import Response
from scrapy.signalmanager import SignalManager

from orchestrator import sites
from orchestrator.ledger.budgets import Budget
from orchestrator.ledger.claims import Claim
from orchestrator.ledger.ends import Ending
from spiders_project.leases import FrontierAway
from spiders_project.own_turns import OwnTurns
from spiders_project.turn_books import Answer, Asking, SharedTurns, TurnBook
from spiders_project.turns import Turns

SITE = "shop.example"
PAGE = Request(f"http://{SITE}/page")


@pytest.fixture
def book(redis_url: str) -> Iterator[SharedTurns]:
    sites._redis.cache_clear()
    yield SharedTurns(str(uuid4()))
    sites._redis().close()
    sites._redis.cache_clear()


def _turns(book: TurnBook, claim: Claim | None = None) -> Turns:
    engine = SimpleNamespace(scraper=SimpleNamespace(slot=None))
    settings = {"KUMO_CLAIM": claim, "ROBOTSTXT_USER_AGENT": None, "USER_AGENT": "Kumo"}
    crawler: Any = SimpleNamespace(settings=settings, signals=SignalManager(), engine=engine)
    return Turns(crawler, book)


class AwayForAWhile(OwnTurns):
    """Does not answer at first."""

    failures = 2

    def ask(self, site: str, asking: Asking) -> Answer:
        if self.failures:
            self.failures -= 1
            raise FrontierAway("Redis does not answer")
        return super().ask(site, asking)


def test_while_redis_is_away_requests_wait_and_then_go(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spiders_project.turns._AWAY_SECONDS", 0.05)

    async def crawl() -> None:
        turns = _turns(AwayForAWhile())
        turn = asyncio.ensure_future(turns.take(PAGE))
        await asyncio.sleep(0.02)
        assert not turn.done()
        await asyncio.wait_for(turn, 5)
        turns.spider_closed()

    asyncio.run(crawl())
    assert len(caplog.records) == 1
    assert "Redis does not answer; requests wait for their turns." in caplog.text


@pytest.mark.usefixtures("database")
def test_a_site_that_redis_does_not_know_is_looked_up(book: SharedTurns, redis_url: str) -> None:
    async def crawl() -> None:
        turns = _turns(book)
        await asyncio.wait_for(turns.take(PAGE), 5)
        turns.spider_closed()

    asyncio.run(crawl())
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        assert client.hmget(sites.keys(SITE)[0], "interval", "places") == ["100000", "8"]
        assert client.hgetall(sites.keys(SITE)[2]) == {}


def test_a_request_that_is_given_up_while_it_waits_keeps_no_place(book: SharedTurns) -> None:
    sites.tell(SITE, Budget(0, 1))

    async def crawl() -> None:
        turns = _turns(book)
        site = await turns.take(PAGE)
        given_up, next_one = (asyncio.ensure_future(turns.take(PAGE)) for _ in range(2))
        await asyncio.sleep(0.01)
        given_up.cancel()
        turns.leave(site, None)
        await asyncio.wait_for(next_one, 5)
        assert site.in_flight == 1
        turns.leave(site, None)
        turns.spider_closed()

    asyncio.run(crawl())


def test_a_complaint_is_heard_before_anything_else_starts(book: SharedTurns) -> None:
    sites.tell(SITE, Budget(0, 1))

    async def crawl() -> None:
        turns = _turns(book)
        site = await turns.take(PAGE)
        waiting = asyncio.ensure_future(turns.take(PAGE))
        turns.leave(site, Response(PAGE.url, status=429, headers={"Retry-After": "600"}))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        assert turns.only_wait()
        waiting.cancel()
        turns.spider_closed()

    asyncio.run(crawl())


@pytest.mark.parametrize(
    ("said", "kept"), [(None, 0), (2, 2), (float("nan"), 0), (-1, 0), (float("inf"), 3_600)]
)
def test_what_robots_txt_asks_for_is_kept_within_reason(said: float | None, kept: float) -> None:
    turns = _turns(OwnTurns())
    turns.robots_parsed(SimpleNamespace(crawl_delay=lambda _: said), PAGE)
    assert turns._delays == {SITE: kept}


@pytest.mark.parametrize(("attempt", "ending"), [(24, Ending.HANDED_BACK), (25, Ending.BROKEN)])
def test_a_site_that_asks_for_pauses_only_does_not_keep_a_job_for_ever(
    attempt: int, ending: Ending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spiders_project.turns.ask_to_close", lambda *_: None)
    monkeypatch.setattr(Turns, "_is_in_trouble", lambda _: False)

    async def crawl() -> None:
        turns = _turns(OwnTurns(), Claim("id", attempt, 1, {}))
        site = await turns.take(PAGE)
        waiting = asyncio.ensure_future(turns.take(PAGE))
        turns.leave(site, Response(PAGE.url, status=429, headers={"Retry-After": "3000"}))
        await asyncio.sleep(0)
        turns._look()
        assert turns.end
        assert (turns.end.ending, turns.end.reason) == (ending, "site_pause")
        assert turns.end.wait_seconds == pytest.approx(3_000, abs=5)
        waiting.cancel()
        turns.spider_closed()

    asyncio.run(crawl())
