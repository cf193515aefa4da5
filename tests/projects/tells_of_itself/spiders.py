"""Spiders that tell what they find around them: the event loop, the engine's slot, the reactor."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from typing import Any

import scrapy
from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.http import Response


class TellsOfItsLoopSpider(scrapy.Spider):
    """Yields what runs it."""

    name = "tells_of_its_loop"

    async def start(self) -> AsyncIterator[Any]:
        yield scrapy.Request(self.start_url)

    def parse(self, response: Response) -> Iterator[dict[str, Any]]:
        loop = asyncio.get_event_loop()
        yield {"key": "loop", "module": type(loop).__module__, "pid": os.getpid()}


class TellsOfTheSlotSpider(scrapy.Spider):
    """Notes whether a request is in the engine slot's `inprogress`, from its start to its end."""

    name = "tells_of_the_slot"

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> "TellsOfTheSlotSpider":
        spider = super().from_crawler(crawler, *args, **kwargs)
        for signal in (
            signals.request_reached_downloader,
            signals.request_left_downloader,
            signals.response_received,
        ):
            crawler.signals.connect(spider.note_request, signal)
        crawler.signals.connect(spider.note_item, signals.item_scraped)
        crawler.signals.connect(spider.note_end, signals.spider_closed)
        spider.seen = []
        return spider

    async def start(self) -> AsyncIterator[Any]:
        yield scrapy.Request(self.start_url)

    def parse(self, response: Response) -> Iterator[dict[str, Any]]:
        self._note("callback", response.request)
        yield {"url": response.url}
        self._note("after the item was yielded", response.request)

    def note_request(self, request: scrapy.Request) -> None:
        if "robots" not in request.url:
            self._note("on its way", request)

    def note_item(self, item: Any, response: Response) -> None:
        self._note("item through the pipelines", response.request)
        self.last = response.request

    def note_end(self) -> None:
        print("during:", sorted(set(self.seen)), "after:", self._is_in_progress(self.last))

    def _note(self, when: str, request: Any) -> None:
        self.seen.append((when, self._is_in_progress(request)))

    def _is_in_progress(self, request: Any) -> bool:
        slot = self.crawler.engine._slot
        return slot is not None and request in slot.inprogress
