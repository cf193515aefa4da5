"""Items and links of a page, handled as its callback gives them.

Scrapy hands a page's output through a queue to a hundred tasks made for that page, and each item's
signal to a task for each of its receivers, so that slow ones overlap: the largest cost of a page
whose pipelines only compute. Those run here one after the other, and the page is gone before the
next one is parsed. Pipelines that wait for something keep Scrapy's way.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from inspect import iscoroutinefunction
from typing import Any, Self

from pydispatch.dispatcher import getAllReceivers, liveReceivers
from pydispatch.robustapply import robustApply
from scrapy import Request, signals
from scrapy.core.scraper import Scraper
from scrapy.crawler import Crawler
from scrapy.http import Response, TextResponse
from scrapy.signalmanager import SignalManager
from scrapy.utils.asyncgen import as_async_generator
from scrapy.utils.defer import ensure_awaitable
from twisted.python.failure import Failure

logger = logging.getLogger(__name__)

#: A page with very many items lets the event loop breathe as often as this.
_BREATHE_AFTER = 64

Output = Iterable[Any] | AsyncIterator[Any]
Handle = Callable[[Output, Request, Response | Failure], Awaitable[None]]


class HandleInLine:
    """Takes the place of Scrapy's handling of a page's output.

    It begins where every middleware has seen the output.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls(crawler)
        crawler.signals.connect(extension.spider_opened, signals.spider_opened)
        return extension

    def spider_opened(self) -> None:
        scraper = self._crawler.engine.scraper
        handle: Handle = scraper.handle_spider_output_async
        if not any(map(iscoroutinefunction, scraper.itemproc.methods["process_item"])):
            scraper.signals = _OneByOne(scraper.signals)  # type: ignore[assignment]
            handle = _InLine(self._crawler, scraper).handle

        async def handled(output: Output, request: Request, response: Response | Failure) -> None:
            await handle(output, request, response)
            if isinstance(response, TextResponse):
                # Private: page and selector hold each other until a rare full collection frees
                # them. Whoever asks again gets a new selector.
                response._cached_selector = None

        scraper.handle_spider_output_async = handled  # type: ignore[assignment,method-assign]


class _InLine:
    """The output of pages whose pipelines only compute."""

    def __init__(self, crawler: Crawler, scraper: Scraper) -> None:
        self._crawler, self._scraper = crawler, scraper

    async def handle(self, output: Output, request: Request, response: Response | Failure) -> None:
        """All there is of a page; what its callback raises ends it, and is told as Scrapy does."""
        handled = 0
        outputs = output if isinstance(output, AsyncIterator) else as_async_generator(output)
        try:
            async for each in outputs:
                await self._handle(each, response)
                handled += 1
                if handled % _BREATHE_AFTER == 0:
                    await asyncio.sleep(0)
        except Exception:  # noqa: BLE001  # a callback's own, of any kind
            failure = Failure()  # type: ignore[no-untyped-call]
            self._scraper.handle_spider_error(failure, request, response)

    async def _handle(self, output: Any, response: Response | Failure) -> None:
        if isinstance(output, Request):
            self._crawler.engine.crawl(output)
        elif output is not None:
            await self._scraper.start_itemproc_async(output, response=response)


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
