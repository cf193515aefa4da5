"""Receivers of an item's signal: one that raises, one that waits, one that is in order."""

import asyncio
from collections.abc import Iterator
from typing import Any, Self

import scrapy
from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem
from scrapy.http import Response

ITEMS = 200


class Receivers:
    """Three receivers of each item."""

    def __init__(self, crawler: Crawler) -> None:
        self._stats = crawler.stats
        for receiver in (self.fail, self.wait, self.count):
            crawler.signals.connect(receiver, signals.item_scraped)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def fail(self, item: dict[str, Any]) -> None:
        if item["number"] == 3:
            raise ValueError("the third is one too many")

    async def wait(self, item: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        self._stats.inc_value("waited_for")

    def count(self, item: dict[str, Any]) -> None:
        self._stats.inc_value("counted")


class DropEveryTenth:
    """A pipeline that does not want them all."""

    def process_item(self, item: dict[str, Any]) -> dict[str, Any]:
        if item["number"] % 10 == 0:
            raise DropItem("every tenth")
        return item


class TalkativeSpider(scrapy.Spider):
    """Takes many items from one page, then fails."""

    name = "talkative"
    custom_settings = {  # noqa: RUF012
        "EXTENSIONS": {"tests.projects.receivers_fail.spiders.Receivers": 0},
        "ITEM_PIPELINES": {"tests.projects.receivers_fail.spiders.DropEveryTenth": 300},
    }

    def parse(self, response: Response) -> Iterator[Any]:
        for number in range(1, ITEMS + 1):
            yield {"url": f"{response.url}#{number}", "number": number}
        raise RuntimeError("and now for something else")
