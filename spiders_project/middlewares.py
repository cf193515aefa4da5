"""Middlewares: what frontier, counts and launcher must see of a crawl."""

import traceback
from collections.abc import AsyncIterator, Callable
from typing import Any, Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from twisted.python.failure import Failure

from orchestrator.ledger.items import clean_text
from orchestrator.ledger.troubled_pages import TroubledPage
from spiders_project import frontier
from spiders_project.addresses import AddressRefused
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
            frontier.of(self._crawler).reach()


class NameRunningPage:
    """Names the page whose callback or errback is running, each time it runs a stretch.

    Reads `KUMO_RUNNING_PAGE`. An asynchronous one is named from await to await, for between them
    others run. Sits next to the engine, where a request is still whole: the errback is called
    by whoever refuses the response.
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
        self.name_within(request)

    def name_within(self, request: Request) -> None:
        """Callback and errback take their own places again as soon as one of them is called."""
        request_id = frontier.of(self._crawler).id_of(request)
        if request_id is None:
            return
        page = f"{request_id.hex()} {request.url}".encode()
        own = request.callback, request.errback

        def naming(call: Callable[..., Any]) -> Callable[..., Any]:
            def called(*args: Any, **kwargs: Any) -> Any:
                request.callback, request.errback = own
                with self._running.named(page):
                    return self._running.named_on(page, call(*args, **kwargs))

            return called

        request.callback = naming(own[0] or self._crawler.spider._parse)  # type: ignore[union-attr]
        if own[1]:
            request.errback = naming(own[1])


class GiveUpPages:
    """Lists the pages that could not be had: not fetched in all tries, or a callback raised.

    Reads `RETRY_HTTP_CODES`. Sits next to the engine, where a failure arrives after its last try.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._checkpoint = _checkpoint(crawler)
        self._retried = {int(code) for code in crawler.settings.getlist("RETRY_HTTP_CODES")}
        self._given_up = self._refused = 0
        self._refusal: AddressRefused | None = None

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
        if isinstance(exception, AddressRefused):
            self._refusal = exception
            self._refused += self.give_up(request, str(exception))
        elif not isinstance(exception, IgnoreRequest):
            self.give_up(request, f"It could not be fetched: {_said(exception)}")

    def spider_error(self, failure: Failure, response: Any) -> None:
        if isinstance(response, Response) and response.request:
            self.give_up(response.request, f"Its callback raised {_said(failure.value)}")

    @property
    def refusal(self) -> str | None:
        """What was said of an address, if nothing but addresses kept pages away."""
        return str(self._refusal) if 0 < self._refused == self._given_up else None

    def give_up(self, request: Request, reason: str) -> bool:
        """Lists the page on the job, unless its request is none of the frontier's."""
        if frontier.of(self._crawler).id_of(request) is None:
            return False
        self._given_up += 1
        # A further try has an id of its own in the frontier; the page is the same.
        page_id = self._crawler.request_fingerprinter.fingerprint(request)
        self._checkpoint.give_up(TroubledPage(page_id, request.url, clean_text(reason)))
        return True


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
