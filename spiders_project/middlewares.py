"""Middlewares: what frontier, counts and launcher must see of a crawl."""

import traceback
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any, Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from twisted.python.failure import Failure

from orchestrator.ledger.items import clean_text
from orchestrator.ledger.pages import TroubledPage
from spiders_project import frontier
from spiders_project.checkpoint import Checkpoint
from spiders_project.frontier import START_MARK
from spiders_project.running import RunningPage


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
        pages = frontier.of(self._crawler)
        if pages.seeded:
            return
        async for item_or_request in start:
            if isinstance(item_or_request, Request):
                item_or_request.meta[START_MARK] = True
            yield item_or_request
        pages.seeded = True


class CountPages:
    """Counts the pages that reach a callback; one of them must have been a start page.

    Sits near the spider, behind the middlewares that refuse responses.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._checkpoint = _checkpoint(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_spider_input(self, response: Response) -> None:
        self._checkpoint.add_page()
        if response.meta.get("is_start_request"):
            frontier.of(self._crawler).reached = True


class NameRunningPage:
    """Names the page whose callback is running, each time the callback runs a stretch.

    Reads `KUMO_RUNNING_PAGE`. Sits next to the spider, so that no other code runs in its name.
    """

    def __init__(self, crawler: Crawler, running: RunningPage) -> None:
        self._crawler = crawler
        self._running = running

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler, crawler.settings["KUMO_RUNNING_PAGE"] or RunningPage())

    def process_spider_input(self, response: Response) -> None:
        request = response.request
        assert request is not None
        if page := self._name(request):
            request.callback = self._naming(page, request)

    def process_spider_output(self, response: Response, result: Iterable[Any]) -> Iterator[Any]:
        page = self._name(response.request) or b""
        outputs = iter(result)
        while True:
            with self._running.named(page):
                output = next(outputs, _END)
            if output is _END:
                return
            yield output

    async def process_spider_output_async(
        self, response: Response, result: AsyncIterator[Any]
    ) -> AsyncIterator[Any]:
        page = self._name(response.request) or b""
        outputs = aiter(result)
        while True:
            with self._running.named(page):
                output = await anext(outputs, _END)
            if output is _END:
                return
            yield output

    def _naming(self, page: bytes, request: Request) -> Callable[..., Any]:
        """The request's callback, which takes its own place again as soon as it is called."""
        original = request.callback
        call = original or self._crawler.spider._parse  # type: ignore[union-attr]

        def callback(*args: Any, **kwargs: Any) -> Any:
            request.callback = original
            with self._running.named(page):
                return call(*args, **kwargs)

        return callback

    def _name(self, request: Request | None) -> bytes | None:
        request_id = request and frontier.of(self._crawler).id_of(request)
        if not request or not request_id:
            return None
        return f"{request_id.hex()} {request.url}".encode()


class GiveUpPages:
    """Lists the pages that could not be had: not fetched in all tries, or a callback raised.

    Reads `RETRY_HTTP_CODES`. Sits next to the engine, where a failure arrives after its last try.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._checkpoint = _checkpoint(crawler)
        self._retried = {int(code) for code in crawler.settings.getlist("RETRY_HTTP_CODES")}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        middleware = cls(crawler)
        crawler.signals.connect(middleware.spider_error, signals.spider_error)
        return middleware

    def process_response(self, request: Request, response: Response) -> Response:
        if response.status in self._retried:
            self.give_up(request, f"The site answered with status {response.status}.")
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        if not isinstance(exception, IgnoreRequest):
            self.give_up(request, f"It could not be fetched: {_said(exception)}")

    def spider_error(self, failure: Failure, response: Any) -> None:
        if isinstance(response, Response) and response.request:
            self.give_up(response.request, f"Its callback raised {_said(failure.value)}")

    def give_up(self, request: Request, reason: str) -> None:
        """Lists the page on the job, unless its request is none of the frontier's."""
        if frontier.of(self._crawler).id_of(request) is None:
            return
        # A further try has an id of its own in the frontier; the page is the same.
        page_id = self._crawler.request_fingerprinter.fingerprint(request)
        self._checkpoint.give_up(TroubledPage(page_id, request.url, clean_text(reason)))


_END: Any = object()
_LONGEST_REASON = 1_000


def _said(error: BaseException | None) -> str:
    """The error's name and words, and the line it came from."""
    if error is None:
        return "an error"
    said = "".join(traceback.format_exception_only(error)).strip()
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""
    return said[:_LONGEST_REASON] + where


def _checkpoint(crawler: Crawler) -> Checkpoint:
    checkpoint = crawler.get_extension(Checkpoint)
    assert checkpoint is not None
    return checkpoint
