"""Responses whose head never ends.

Scrapy bounds bodies and Twisted bounds each line, but nobody bounds the number of lines: a site
that only sends headers took a gigabyte in four seconds.
"""

from typing import Any

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
)
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure
from twisted.web._newclient import BODY, DONE

from spiders_project import secrets

#: Browsers and servers stop at 8 to 256 KB.
_MOST_BYTES = 512 * 1024


class HeadTooLong(Exception):  # told to whoever asked for the page
    """The head of the response is longer than any honest one."""


class BoundedHeads(HTTP11DownloadHandler):
    """Scrapy's handler of http and https; a head of more than 512 KB ends its connection.

    The last place before the wire, so secrets that a request names are put in here.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        # Private in Scrapy too: Twisted's pool takes its factory in no other way.
        self._pool._factory = _Factory
        # Said once per crawl of a page that was cut off, with the secrets of its address in it.
        self._fail_on_dataloss_warned = True

    async def download_request(self, request: Request) -> Response:
        assert self._crawler.spider is not None
        return await secrets.sent(self._crawler.spider, request, self.send)

    async def send(self, request: Request) -> Response:
        """Sends the request as it is, secrets and all."""
        return await super().download_request(request)


class _Protocol(_LenientHTTP11ClientProtocol):
    """A connection that counts what comes before a body."""

    _head_bytes = 0

    def request(self, request: Any) -> Any:
        self._head_bytes = 0
        return super().request(request)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802  # Twisted's name
        if self._parser is not None and self._parser.state not in (BODY, DONE):
            self._head_bytes += len(data)
            if self._head_bytes > _MOST_BYTES and self.transport is not None:
                too_long = HeadTooLong("its headers are longer than 512 KB")
                self._giveUp(Failure(too_long))  # type: ignore[no-untyped-call]
                self.transport.abortConnection()
                return
        super().dataReceived(data)  # type: ignore[no-untyped-call]


class _Factory(_LenientHTTP11ClientFactory):
    """Builds such connections."""

    def buildProtocol(self, addr: Any) -> _Protocol:  # noqa: N802  # Twisted's name
        return _Protocol(self._quiescentCallback)  # type: ignore[no-untyped-call]
