"""A pipeline that waits for somebody else, as one that asks another service would."""

import asyncio
from collections.abc import Iterator
from typing import Any, Self

import scrapy
from scrapy.crawler import Crawler
from scrapy.http import Response


class AskSomebody:
    """Counts how many of a page's items wait at once."""

    def __init__(self, crawler: Crawler) -> None:
        self._stats = crawler.stats
        self._waiting = 0
        self._all_here = asyncio.Event()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_item(self, item: dict[str, Any]) -> dict[str, Any]:
        self._waiting += 1
        self._stats.max_value("waiting_at_once", self._waiting)
        if self._waiting == ITEMS:
            self._all_here.set()
        await asyncio.wait_for(self._all_here.wait(), 10)
        return item


ITEMS = 20


class PatientSpider(scrapy.Spider):
    """Takes twenty items from one page; the pipeline lets none go before all are there."""

    name = "patient"
    custom_settings = {  # noqa: RUF012
        "ITEM_PIPELINES": {"tests.projects.pipelines_wait.spiders.AskSomebody": 300}
    }

    def parse(self, response: Response) -> Iterator[Any]:
        for number in range(ITEMS):
            yield {"url": f"{response.url}#{number}"}
