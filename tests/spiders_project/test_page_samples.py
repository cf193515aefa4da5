"""Which pages are kept, as a spider's output passes by."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request, Spider
from scrapy.exceptions import NotConfigured
from scrapy.http import HtmlResponse, Response
from scrapy.settings import Settings
from scrapy.utils.request import RequestFingerprinter

from orchestrator import config
from orchestrator.ledger.new_samples import MOST_BYTES, NewSample, Place
from spiders_project.page_samples import SamplePages

URL = "http://shop.test/tea?token=abc&page=2"
TEA: dict[str, Any] = {"name": "tea", "price": 3}
LINK = Request("http://shop.test/more")


class Crawl:
    """A crawl whose pages give what a test says."""

    def __init__(self, **fields: Any) -> None:
        self.kept: list[NewSample] = []
        spider = Spider("shop")
        for name, value in fields.items():
            setattr(spider, name, value)
        crawler: Any = SimpleNamespace(
            spider=spider,
            settings=Settings({"KUMO_PAGE_SAMPLES": True}),
            request_fingerprinter=RequestFingerprinter(),
            get_extension=lambda _: SimpleNamespace(add_sample=self.kept.append),
        )
        self._samples = SamplePages.from_crawler(crawler)

    def page(
        self, *given: Any, start: bool = False, body: bytes = b"<p>", error: Exception | None = None
    ) -> list[Any]:
        request = Request(URL, meta={"is_start_request": start})
        response = HtmlResponse(URL, body=body, request=request)
        return asyncio.run(self._passed(response, given, error))

    async def _passed(
        self, response: Response, given: Sequence[Any], error: Exception | None
    ) -> list[Any]:
        async def result() -> AsyncIterator[Any]:
            for each in given:
                yield each
            if error:
                raise error

        return [each async for each in self._samples.process_spider_output(response, result())]

    @property
    def places(self) -> list[int]:
        return [each.place for each in self.kept]


def test_one_page_of_each_reason_is_kept() -> None:
    crawl = Crawl()
    assert crawl.page(LINK, start=True) == [LINK]
    crawl.page(LINK, start=True)
    crawl.page(TEA)
    crawl.page(TEA)
    crawl.page({"review": "good"})
    crawl.page({"third": "kind"})
    crawl.page({"name": "tea", "price": None}, {"name": "coffee", "price": ""})
    crawl.page()
    crawl.page()
    assert crawl.places == [
        Place.START, Place.ITEMS, Place.MORE_ITEMS, Place.LACKING, Place.NOTHING,
    ]  # fmt: skip
    assert [each.items for each in crawl.kept] == [0, 1, 1, 2, 0]
    assert [each.filled for each in crawl.kept][3] == {"name": 2}


def test_a_start_page_with_items_shows_its_kind_too() -> None:
    crawl = Crawl()
    crawl.page(TEA, TEA, start=True)
    crawl.page(TEA)
    assert crawl.places == [Place.START]
    assert crawl.kept[0].filled == {"name": 2, "price": 2}


def test_a_page_whose_callback_raises_is_kept_with_what_it_gave() -> None:
    crawl = Crawl()
    with pytest.raises(ValueError, match="odd"):
        crawl.page(TEA, start=True, error=ValueError("odd"))
    assert [each.items for each in crawl.kept] == [1]


def test_secrets_are_kept_by_name_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUMO_SECRET_KEY_OF_SHOP", "s3cr/t")
    crawl = Crawl(headers={"X-Key": "${KEY_OF_SHOP}"}, start_urls=["http://shop.test/"])
    crawl.page(TEA, body="<p>s3cr/t é</p>".encode())
    [kept] = crawl.kept
    assert kept.body == "<p>${KEY_OF_SHOP} é</p>".encode()
    assert kept.url == "http://shop.test/tea?token=••••••&page=2"


def test_a_page_that_is_too_large_leaves_its_size() -> None:
    crawl = Crawl()
    crawl.page(TEA, body=b"x" * (MOST_BYTES + 1))
    assert [(each.body, each.size) for each in crawl.kept] == [(None, MOST_BYTES + 1)]


def test_a_long_crawl_is_looked_at_for_a_while_only() -> None:
    crawl = Crawl()
    for _ in range(200):
        crawl.page(TEA, LINK)
    assert crawl.page({"name": "tea"}) == [{"name": "tea"}]
    assert crawl.places == [Place.ITEMS]


@pytest.mark.parametrize("off", ["setting", "installation", "no job"])
def test_nothing_is_kept_where_it_is_switched_off(
    off: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    crawler: Any = SimpleNamespace(
        settings=Settings({"KUMO_PAGE_SAMPLES": off != "setting"}),
        get_extension=lambda _: None if off == "no job" else SimpleNamespace(),
    )
    if off == "installation":
        monkeypatch.setenv("KUMO_SAMPLED_JOBS", "0")
        config.get.cache_clear()
    with pytest.raises(NotConfigured):
        SamplePages.from_crawler(crawler)
