"""Responses that cost more than a page may, and those that lead nowhere.

Scrapy refuses such a response and forgets its page: nothing says so but a line in the log. Here
the page is given up, so that its job lists it with the reason.
"""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Any, Self

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares import cookies
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.downloadermiddlewares.redirect import MetaRefreshMiddleware, RedirectMiddleware
from scrapy.exceptions import DownloadCancelledError, IgnoreRequest
from scrapy.http import HtmlResponse, Response

from spiders_project import secrets
from spiders_project.http_cache import HttpCache
from spiders_project.middlewares import GiveUpPages

# The first cookie of a crawl had the list of public suffixes fetched from the internet, with no
# limit of time and the event loop standing still; the package has a copy of its own.
cookies._split_domain.suffix_list_urls = ()

#: Each coding is another unpacking; honest servers use one.
_MOST_CODINGS = 3
#: A page that is parsed takes up to 25 times its size. Above this, one is handled after the other.
_LARGE_BYTES = 1024 * 1024
_LOOK_SECONDS = 0.05
#: In so much of a page Scrapy looks for a redirection.
_LOOKED_AT = 4_096
#: A large page that takes longer lets the next one in: its callback may be waiting for that one.
_LONGEST_TURN_SECONDS = 20


class Unpacking(HttpCompressionMiddleware):
    """Scrapy's unpacking of bodies; a page whose body cannot be had is given up.

    Reads `DOWNLOAD_MAXSIZE`.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler=crawler)
        self._crawler = crawler

    def process_response(
        self, request: Request, response: Response, spider: Spider | None = None
    ) -> Request | Response:
        if response.headers.getlist("Content-Encoding"):
            refusal = self._refusal(request, response)
            if isinstance(refusal, Response):
                return refusal
            if cache := self._crawler.get_downloader_middleware(HttpCache):
                cache.forget(request)
            # Raised here and not where it was caught: the traceback held all that was unpacked.
            raise _given_up(self._crawler, request, refusal)
        return response

    def _refusal(self, request: Request, response: Response) -> Response | str:
        """The unpacked response, or why there is none."""
        codings = b",".join(response.headers.getlist("Content-Encoding")).count(b",") + 1
        if codings > _MOST_CODINGS:
            return f"Its body is packed {codings} times over."
        try:
            unpacked = super().process_response(request, response)
        except IgnoreRequest:
            most = request.meta.get("download_maxsize", self._max_size)
            return f"Its body is larger than DOWNLOAD_MAXSIZE ({most:,} bytes) once unpacked."
        except Exception as error:  # noqa: BLE001  # each coding has errors of its own
            return f"Its body cannot be unpacked: {type(error).__name__}: {error}"
        assert isinstance(unpacked, Response)
        return unpacked


class LargePagesInTurn:
    """Lets large pages through one after the other; tells why a download was cut off.

    Reads `DOWNLOAD_MAXSIZE`. Sits between Scrapy's unpacking and the engine.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._turn = asyncio.Lock()
        self._at_work: Request | None = None
        self._since = 0.0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_response(self, request: Request, response: Response) -> Response:
        if len(response.body) > _LARGE_BYTES:
            async with self._turn:
                while self._is_at_work():
                    await asyncio.sleep(_LOOK_SECONDS)
                self._at_work, self._since = request, monotonic()
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        # Scrapy says this only in the log; the error that the job will show has no words.
        if isinstance(exception, DownloadCancelledError) and not str(exception):
            most = request.meta.get("download_maxsize", self._crawler.settings["DOWNLOAD_MAXSIZE"])
            exception.args = (f"its body is larger than DOWNLOAD_MAXSIZE ({int(most):,} bytes)",)

    def _is_at_work(self) -> bool:
        # Private: no signal tells that a request has left with everything it led to.
        slot = self._crawler.engine._slot
        if slot is None or self._at_work not in slot.inprogress:
            self._at_work = None
            return False
        return monotonic() - self._since < _LONGEST_TURN_SECONDS


class _Following:
    """What both kinds of redirection have in common; before Scrapy's class in their bases."""

    crawler: Crawler

    def _redirect(self, redirected: Request, request: Request, reason: Any) -> Request:
        redirect: Callable[..., Request] = super()._redirect  # type: ignore[misc]
        assert self.crawler.spider is not None
        # A site that only adds a slash repeats a secret that was in the address.
        url = secrets.of(self.crawler.spider).hidden(redirected.url)
        redirected = redirected.replace(url=url)
        try:
            following = redirect(redirected, request, reason)
        except IgnoreRequest:
            times = request.meta.get("redirect_times", 0)
            error = _given_up(self.crawler, request, f"It redirects without end ({times} times).")
            raise error from None
        if following.url in following.meta["redirect_urls"]:
            # A site that gives a cookie and sends one back: the page was seen, but never read.
            following.dont_filter = True
        return following


class Redirects(_Following, RedirectMiddleware):
    """Scrapy's redirection by status; goes back where it came from, but not for ever.

    Reads `REDIRECT_ENABLED` and `REDIRECT_MAX_TIMES`.
    """


class MetaRefreshes(_Following, MetaRefreshMiddleware):
    """Likewise for redirections in a page; reads `METAREFRESH_ENABLED` too.

    A page that does not even have the word costs no parse: that was a thirtieth of each.
    """

    def process_response(
        self, request: Request, response: Response, spider: Spider | None = None
    ) -> Request | Response:
        if isinstance(response, HtmlResponse) and not _may_refresh(response.text):
            return response
        return super().process_response(request, response)


def _may_refresh(text: str) -> bool:
    return "refresh" in text[:_LOOKED_AT].lower()


def _given_up(crawler: Crawler, request: Request, reason: str) -> IgnoreRequest:
    """Lists the page, when the crawl is a job, and gives what to raise."""
    if give_up := crawler.get_downloader_middleware(GiveUpPages):
        give_up.give_up(request, reason)
    return IgnoreRequest(reason)
