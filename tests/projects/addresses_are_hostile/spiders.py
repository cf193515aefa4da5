"""Spiders that are lured to addresses of one's own network, and tell whom they connected to."""

import sys
from collections.abc import AsyncIterator, Iterator
from itertools import cycle
from typing import Any, Self

import scrapy
from scrapy.crawler import Crawler
from scrapy.http import Response, TextResponse
from scrapy.spiders import SitemapSpider
from twisted.internet.address import IPv4Address, IPv6Address

_connected: set[str] = set()

#: What each name answers, one time after the other.
NAMES: dict[str, Iterator[tuple[str, ...]]] = {
    "rebinds.test": cycle([("127.0.9.1",), ("127.0.0.1",)]),
    "rebinds-to-six.test": cycle([("127.0.9.1",), ("::1",)]),
    "has-both.test": cycle([("10.0.0.1", "127.0.9.1", "127.0.0.2")]),
    "inner.test": cycle([("127.0.0.1",)]),
    "mapped.test": cycle([("::ffff:127.0.0.1",)]),
    "metadata.test": cycle([("169.254.169.254",)]),
    "no-number.test": cycle([("localhost",)]),
}


class _Telling:
    """Says in the job's counts whom the process has tried to connect to, and what it opened."""

    crawler: Crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        sys.addaudithook(_hear)
        return super().from_crawler(crawler, *args, **kwargs)  # type: ignore[misc,no-any-return]

    def closed(self, reason: str) -> None:
        self.crawler.stats.set_value("connected_to", " ".join(sorted(_connected)))

    def parse(self, response: Response) -> Iterator[Any]:
        yield {"url": response.url}
        if isinstance(response, TextResponse):
            for href in response.css("a::attr(href)").getall():
                yield response.follow(href)


def _hear(event: str, args: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        _connected.add(f"{args[1][0]}|{args[1][1]}")
    elif event == "open" and args[0] in ("/etc/hostname", "/etc/hosts"):
        _connected.add(f"{args[0]}|file")


class LuredSpider(_Telling, scrapy.Spider):
    """Follows every link there is."""

    name = "lured"


class LuredBySitemapSpider(_Telling, SitemapSpider):
    """Follows sitemaps, and those that robots.txt names."""

    name = "lured_by_sitemap"


class LuredByNamesSpider(_Telling, scrapy.Spider):
    """Asks for names, and is told something else the next time."""

    name = "lured_by_names"
    custom_settings = {"DNSCACHE_ENABLED": False}  # noqa: RUF012  # as Scrapy writes it

    async def start(self) -> AsyncIterator[Any]:
        # The resolver that Scrapy brings is there by now, in every process only once.
        from twisted.internet import reactor

        reactor.installNameResolver(ChangingNames(reactor.nameResolver))  # type: ignore[attr-defined]
        async for request in super().start():
            yield request


class LuredByAProxySpider(_Telling, scrapy.Spider):
    """Has somebody else connect."""

    name = "lured_by_a_proxy"

    def __init__(self, *, proxy: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._proxy = proxy

    async def start(self) -> AsyncIterator[scrapy.Request]:
        for url in self.start_urls:
            yield scrapy.Request(url, meta={"proxy": self._proxy})


class ChangingNames:
    """Resolves names as whoever owns them may; all others as before."""

    def __init__(self, plain: Any) -> None:
        self._plain = plain

    def resolveHostName(self, receiver: Any, name: str, **how: Any) -> Any:  # Twisted's name
        if name not in NAMES:
            return self._plain.resolveHostName(receiver, name, **how)
        receiver.resolutionBegan(None)
        for host in next(NAMES[name]):
            kind = IPv6Address if ":" in host else IPv4Address
            receiver.addressResolved(kind("TCP", host, how["portNumber"]))
        return receiver.resolutionComplete()
