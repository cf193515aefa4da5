"""Items and links of a page, handled as its callback gives them.

Scrapy hands a page's output through a queue to a hundred tasks made for that page, and each item's
signal to a task for each of its receivers, so that slow ones overlap: the largest cost of a page
whose pipelines only compute. Those run here one after the other, and the page is gone before the
next one is parsed. Pipelines that wait for something keep Scrapy's way.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from inspect import iscoroutinefunction
from typing import Any, Self

from pydispatch.dispatcher import getAllReceivers, liveReceivers
from pydispatch.robustapply import robustApply
from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Response, TextResponse
from scrapy.signalmanager import SignalManager
from scrapy.utils.defer import ensure_awaitable

logger = logging.getLogger(__name__)

#: A page with very many items lets the event loop breathe as often as this.
_BREATHE_AFTER = 64


class HandleInLine:
    """Handles a page's output before Scrapy's scraper would, when no pipeline waits.

    Sits next to the engine, so that every other middleware has seen the output.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._applies = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        middleware = cls(crawler)
        crawler.signals.connect(middleware.spider_opened, signals.spider_opened)
        return middleware

    def spider_opened(self) -> None:
        scraper = self._crawler.engine.scraper
        self._applies = not any(map(iscoroutinefunction, scraper.itemproc.methods["process_item"]))
        if self._applies:
            # What is left for it to do for a page is nothing.
            scraper.concurrent_items = 1
            scraper.signals = _OneByOne(scraper.signals)  # type: ignore[assignment]

    async def process_spider_output(
        self, response: Response, result: AsyncIterator[Any]
    ) -> AsyncIterator[Any]:
        handled = 0
        async for output in result:
            if not self._applies:
                yield output
                continue
            await self._handle(output, response)
            handled += 1
            if handled % _BREATHE_AFTER == 0:
                await asyncio.sleep(0)
        if isinstance(response, TextResponse):
            # Private: page and selector hold each other until a rare full collection frees them.
            # Whoever asks again gets a new selector.
            response._cached_selector = None

    async def _handle(self, output: Any, response: Response) -> None:
        engine = self._crawler.engine
        if isinstance(output, Request):
            engine.crawl(output)
        elif output is not None:
            await engine.scraper.start_itemproc_async(output, response=response)


class _OneByOne:
    """The signals of the scraper: a receiver that only computes costs no task."""

    def __init__(self, original: SignalManager) -> None:
        self._original = original

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)

    async def send_catch_log_async(self, signal: Any, **named: Any) -> list[tuple[Any, Any]]:
        sender = self._original.sender
        return [
            (receiver, await _received(receiver, signal=signal, sender=sender, **named))
            for receiver in liveReceivers(getAllReceivers(sender, signal))
        ]


async def _received(receiver: Any, **named: Any) -> Any:
    """What a receiver makes of a signal; its error, which it keeps from others."""
    try:
        answer = robustApply(receiver, **named)
        return answer if answer is None else await ensure_awaitable(answer)
    except Exception as error:
        logger.exception("%s failed at a signal", receiver)
        return error
