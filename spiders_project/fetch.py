"""Fetches a few pages for somebody who looks at a website, as a crawl of a target would.

The same settings hold as for every crawl: which addresses are refused, robots.txt, sizes, patience,
the name Kumo goes by. Only what a person wants to see is different: an error status is an answer
here, and nothing is tried again, since somebody waits for it.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import scrapy
from scrapy import Request
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
)
from scrapy.http import Response
from scrapy.utils.project import get_project_settings
from twisted.internet.error import TimeoutError as TwistedTimeoutError
from twisted.python.failure import Failure

from spiders_project.addresses import AddressRefused
from spiders_project.robots import BoundedRobots

#: What the builder takes; a crawl takes more.
MOST_BYTES = 5 * 1024 * 1024
_SECONDS = 20
_LONGEST_DETAIL = 300

#: Which links of a page to fetch next.
Links = Callable[[Response], Sequence[str]]

_SETTINGS: dict[str, Any] = {
    "DOWNLOAD_MAXSIZE": MOST_BYTES,
    "DOWNLOAD_WARNSIZE": 0,
    "DOWNLOAD_TIMEOUT": _SECONDS,
    # A person reads what the site says.
    "HTTPERROR_ALLOW_ALL": True,
    "RETRY_ENABLED": False,
    "LOG_ENABLED": False,
    "STATS_DUMP": False,
}
#: The first that fits says why a page could not be had.
_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (AddressRefused, "refused_address"),
    (DownloadTimeoutError, "timed_out"),
    (TwistedTimeoutError, "timed_out"),
    (DownloadCancelledError, "too_large"),
    (CannotResolveHostError, "no_such_host"),
    (DownloadConnectionRefusedError, "not_answering"),
)


@dataclass(frozen=True, slots=True)
class NotFetched:
    """Why a page could not be had: a word, and what there is to say beside it."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """The pages that came, whatever their status; why the last one did not, if none did."""

    pages: Sequence[Response]
    trouble: NotFetched
    #: Addresses that the site's robots.txt names.
    sitemaps: Sequence[str]


class Pages(scrapy.Spider):
    """Fetches addresses one by one, and the links of what it finds, up to a number."""

    name = "pages"

    def __init__(
        self, urls: Sequence[str], most: int, links: Links, headers: Mapping[str, str]
    ) -> None:
        super().__init__()
        # By these two a secret that they name is put in, on its way out.
        self.start_urls, self.headers = list(urls), dict(headers)
        self._waiting, self._seen = list(urls), set(urls)
        self._most, self._links = most, links
        self.found: list[Response] = []
        self.trouble: NotFetched | None = None

    async def start(self) -> AsyncIterator[Request]:
        for request in self._next():
            yield request

    def parse(self, response: Response, **_: Any) -> Iterator[Request]:
        self.found.append(response)
        if len(self.found) < self._most:
            fresh = [url for url in self._links(response) if url not in self._seen]
            self._seen.update(fresh)
            self._waiting.extend(dict.fromkeys(fresh))
        yield from self._next()

    def failed(self, failure: Failure) -> Iterator[Request]:
        error = failure.value
        forbidden = self.crawler.stats.get_value("robotstxt/forbidden", 0)
        if forbidden and type(error) is IgnoreRequest:
            self.trouble = NotFetched("robots")
        else:
            self.trouble = _told(error)
        yield from self._next()

    def _next(self) -> Iterator[Request]:
        if self._waiting and len(self.found) < self._most:
            url = self._waiting.pop(0)
            yield Request(
                url, self.parse, headers=self.headers, errback=self.failed, dont_filter=True
            )


def pages(
    urls: Sequence[str], most: int, links: Links, headers: Mapping[str, str] | None = None
) -> Fetched:
    """Up to `most` pages: those addresses in turn, then what their links lead to."""
    settings = get_project_settings()
    settings.setdict(_SETTINGS, "cmdline")
    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(Pages)
    process.crawl(crawler, urls, most, links, headers or {})
    process.start()
    spider = crawler.spider
    assert isinstance(spider, Pages)
    trouble = spider.trouble or NotFetched("not_answering")
    return Fetched(spider.found, trouble, _sitemaps(crawler))


def _sitemaps(crawler: Crawler) -> list[str]:
    """What the robots.txt of the site named; nothing but the middleware that asked for it knows."""
    robots = crawler.get_downloader_middleware(RobotsTxtMiddleware)
    parsers = robots._parsers.values() if robots else ()
    read = [parser.rp for parser in parsers if isinstance(parser, BoundedRobots)]
    return [address for rules in read for address in rules.sitemaps]


def _told(error: BaseException | None) -> NotFetched:
    reason = next((word for kind, word in _REASONS if isinstance(error, kind)), None)
    said = " ".join(str(error).split())[:_LONGEST_DETAIL]
    if reason is None and isinstance(error, IgnoreRequest):
        return NotFetched("too_large" if "DOWNLOAD_MAXSIZE" in said else "refused", said)
    return NotFetched(reason or "not_answering", said)
