"""The cache as Scrapy's downloader meets it, on a real Postgres; the site is a dict of answers."""

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request
from scrapy.exceptions import NotConfigured
from scrapy.http import HtmlResponse, Response
from scrapy.settings import Settings
from scrapy.signalmanager import SignalManager
from scrapy.statscollectors import StatsCollector
from scrapy.utils.request import RequestFingerprinter

from orchestrator import config
from orchestrator.ledger.claims import Claim
from spiders_project.http_cache import HttpCache
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")

URL = "http://shop.test/tea"


def crawler_of(claim: Claim | None, **settings: Any) -> Any:
    settings = {"KUMO_CLAIM": claim, "KUMO_HTTP_CACHE": True} | settings
    crawler = SimpleNamespace(
        settings=Settings(settings),
        request_fingerprinter=RequestFingerprinter(),
        signals=SignalManager(),
    )
    crawler.stats = StatsCollector(crawler)  # type: ignore[arg-type]
    return crawler


class Crawl:
    """A crawl of one page after the other; `asked` is what reached the site."""

    def __init__(self, cache: HttpCache, crawler: Any) -> None:
        self.cache = cache
        self.stats = crawler.stats
        self.asked: list[Request] = []

    async def fetch(self, answer: Response, request: Request | None = None) -> Request | Response:
        """What the engine gets for a request that the site answers so."""
        request = request or Request(URL)
        self.cache.process_request(request)
        self.asked.append(request.copy())
        return await self.cache.process_response(request, answer.replace(request=request))

    def count(self, what: str) -> int:
        return int(self.stats.get_value(f"kumo/cache_{what}", 0))


@pytest.fixture
def claim() -> Claim:
    claim = given.claim(given.a_job(given.a_target()))
    assert claim is not None
    return claim


def crawled(claim: Claim, pages: Callable[[Crawl], Awaitable[None]]) -> Crawl:
    """A crawl from its beginning to its end."""

    async def run() -> Crawl:
        crawler = crawler_of(claim)
        crawl = Crawl(HttpCache.from_crawler(crawler), crawler)
        await crawl.cache.spider_opened()
        await pages(crawl)
        await crawl.cache.spider_closed()
        return crawl

    return asyncio.run(run())


def whole(etag: str = '"1"', **headers: Any) -> Response:
    headers = {"ETag": etag, "Content-Type": "text/html"} | {
        name.replace("_", "-"): v for name, v in headers.items()
    }
    return HtmlResponse(URL, body=f"<p>{etag}</p>".encode(), headers=headers)


def unchanged(**headers: Any) -> Response:
    return Response(URL, status=304, headers=headers)


async def first(crawl: Crawl) -> None:
    await crawl.fetch(whole())


@pytest.fixture
def known(claim: Claim) -> Claim:
    """The claim of a target whose page an earlier crawl has kept."""
    assert crawled(claim, first).count("kept") == 1
    return claim


def test_an_unchanged_page_comes_from_the_cache(known: Claim) -> None:
    async def second(crawl: Crawl) -> None:
        page = await crawl.fetch(unchanged())
        assert isinstance(page, HtmlResponse)
        assert (page.status, page.body, page.flags) == (200, b'<p>"1"</p>', ["cached"])

    crawl = crawled(known, second)
    assert crawl.asked[0].headers["If-None-Match"] == b'"1"'
    assert (crawl.count("unchanged"), crawl.count("saved_bytes")) == (1, 10)


def test_a_changed_page_takes_its_place(known: Claim) -> None:
    async def second(crawl: Crawl) -> None:
        page = await crawl.fetch(whole('"2"'))
        assert isinstance(page, Response)
        assert (page.body, page.flags) == (b'<p>"2"</p>', [])

    crawled(known, second)
    assert crawled(known, first).asked[0].headers["If-None-Match"] == b'"2"'


def test_pages_read_at_once_are_read_together(known: Claim) -> None:
    async def second(crawl: Crawl) -> None:
        pages = await asyncio.gather(*(crawl.fetch(unchanged()) for _ in range(20)))
        assert {page.body for page in pages if isinstance(page, Response)} == {b'<p>"1"</p>'}

    assert crawled(known, second).count("unchanged") == 20


def test_no_condition_stays_on_a_request_that_is_repeated_or_redirected(known: Claim) -> None:
    async def second(crawl: Crawl) -> None:
        request = Request(URL)
        moved = Response(URL, status=302, headers={"Location": "/coffee"})
        assert isinstance(await crawl.fetch(moved, request), Response)
        assert not request.headers
        crawl.cache.process_request(request)
        assert request.headers
        crawl.cache.process_exception(request, TimeoutError())
        assert not request.headers

    crawled(known, second)


def test_a_page_that_is_gone_from_the_cache_is_fetched_whole(known: Claim) -> None:
    async def second(crawl: Crawl) -> None:
        given.execute("DELETE FROM cached_pages")
        again = await crawl.fetch(unchanged())
        assert isinstance(again, Request)
        assert again.dont_filter
        assert not again.headers
        assert await crawl.fetch(whole(), again)
        assert not crawl.asked[-1].headers

    crawl = crawled(known, second)
    assert (crawl.count("fetched_again"), crawl.count("kept")) == (1, 1)
    assert given.count("cached_pages") == 1


@pytest.mark.parametrize("answer", [unchanged(ETag='"9"'), Response(URL, status=412)])
def test_an_answer_about_another_state_is_no_answer(known: Claim, answer: Response) -> None:
    async def second(crawl: Crawl) -> None:
        again = await crawl.fetch(answer)
        assert isinstance(again, Request)
        page = await crawl.fetch(answer, again)
        # Now it is nobody's business but the spider's.
        assert isinstance(page, Response)
        assert page.status == answer.status

    crawled(known, second)


def test_a_page_whose_callback_raised_is_fetched_whole_the_next_time(known: Claim) -> None:
    async def fails(crawl: Crawl) -> None:
        page = await crawl.fetch(unchanged())
        assert isinstance(page, Response)
        crawl.cache.spider_error(page.replace(request=Request(URL)))

    async def fails_on_a_new_page(crawl: Crawl) -> None:
        page = await crawl.fetch(whole('"3"'))
        assert isinstance(page, Response)
        crawl.cache.spider_error(page.replace(request=Request(URL)))

    crawled(known, fails)
    assert given.count("cached_pages") == 0
    assert not crawled(known, fails_on_a_new_page).asked[0].headers
    assert given.count("cached_pages") == 0


def test_a_page_that_may_no_longer_be_kept_is_not(known: Claim) -> None:
    async def forbidden(crawl: Crawl) -> None:
        page = await crawl.fetch(whole('"2"', Cache_Control="no-store"))
        assert isinstance(page, Response)

    crawled(known, forbidden)
    assert given.count("cached_pages") == 0


def test_an_error_of_the_site_leaves_the_page_where_it_is(known: Claim) -> None:
    async def away(crawl: Crawl) -> None:
        page = await crawl.fetch(Response(URL, status=503))
        assert isinstance(page, Response)
        assert page.status == 503

    crawled(known, away)
    assert given.count("cached_pages") == 1


def test_secrets_neither_ask_nor_are_kept(known: Claim) -> None:
    secret = {"Authorization": "Basic eA=="}

    async def signed_in(crawl: Crawl) -> None:
        await crawl.fetch(whole('"mine"'), Request(URL, headers=secret))
        await crawl.fetch(whole('"mine"'), Request(URL + "/mine", headers=secret))

    crawl = crawled(known, signed_in)
    assert all("If-None-Match" not in request.headers for request in crawl.asked)
    assert given.count("cached_pages") == given.count("cached_pages", "etag = '\"1\"'") == 1


def test_a_database_that_is_away_costs_bytes_and_no_page(
    known: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def second(crawl: Crawl) -> None:
        monkeypatch.setattr("orchestrator.ledger.cached_pages._READ", "SELECT this is no statement")
        monkeypatch.setattr("orchestrator.ledger.cached_pages._WRITE", "SELECT nor is this")
        again = await crawl.fetch(unchanged())
        assert isinstance(again, Request)
        page = await crawl.fetch(whole('"2"'), again)
        assert isinstance(page, Response)
        assert page.body == b'<p>"2"</p>'

    crawled(known, second)


@pytest.mark.parametrize("settings", [{"KUMO_CLAIM": None}, {"KUMO_HTTP_CACHE": False}])
def test_there_is_none_without_a_job_or_when_the_target_says_so(
    claim: Claim, settings: dict[str, Any]
) -> None:
    with pytest.raises(NotConfigured):
        HttpCache.from_crawler(crawler_of(claim, **settings))


def test_there_is_none_where_nothing_may_be_kept(
    claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUMO_CACHE_MB", "0")
    config.get.cache_clear()
    with pytest.raises(NotConfigured):
        HttpCache.from_crawler(crawler_of(claim))
