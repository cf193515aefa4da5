"""Middlewares: what the frontier and the counts must see of a crawl."""

from collections.abc import AsyncIterator
from typing import Any, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from spiders_project.checkpoint import Checkpoint
from spiders_project.frontier import START_MARK, Frontier


class StartOnce:
    """Marks the requests of start(), and leaves start() out when an attempt has exhausted it.

    Sits next to the engine, where nothing replaces a request any more.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_start(self, start: AsyncIterator[Any]) -> AsyncIterator[Any]:
        frontier = self._crawler.engine.scheduler
        assert isinstance(frontier, Frontier)
        if frontier.seeded:
            return
        async for item_or_request in start:
            if isinstance(item_or_request, Request):
                item_or_request.meta[START_MARK] = True
            yield item_or_request
        frontier.seeded = True


class CountPages:
    """Counts the pages that reach a callback; one of them must have been a start page.

    Sits next to the spider, behind the middlewares that refuse responses.
    """

    def __init__(self, crawler: Crawler, checkpoint: Checkpoint) -> None:
        self._crawler = crawler
        self._checkpoint = checkpoint

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        checkpoint = crawler.get_extension(Checkpoint)
        assert checkpoint is not None
        return cls(crawler, checkpoint)

    def process_spider_input(self, response: Response) -> None:
        self._checkpoint.add_page()
        if response.meta.get("is_start_request"):
            self._crawler.engine.scheduler.reached = True  # type: ignore[union-attr]
