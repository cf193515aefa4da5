"""Spiders that go wherever a site sends them."""

import resource
from collections.abc import Iterator
from typing import Any

import scrapy
from scrapy.http import Response, TextResponse
from scrapy.spiders import SitemapSpider


class WandersSpider(scrapy.Spider):
    """Follows every link there is, and yields an item for each page it reads."""

    name = "wanders"

    def __init__(self, *, start_url: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start_urls = [start_url]

    def closed(self, reason: str) -> None:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        self.crawler.stats.set_value("peak_mb", peak)

    def parse(self, response: Response) -> Iterator[Any]:
        yield {"url": response.url, "size": len(response.body)}
        if isinstance(response, TextResponse):
            for href in response.css("a::attr(href)").getall():
                yield response.follow(href)


class WandersUnguardedSpider(WandersSpider):
    """Brings dicts of its own for all that guards a crawl."""

    name = "wanders_unguarded"
    custom_settings = {  # noqa: RUF012  # as Scrapy writes it
        "DOWNLOAD_HANDLERS": {},
        "DOWNLOADER_MIDDLEWARES": {},
        "EXTENSIONS": {},
    }


class WandersBySitemapSpider(SitemapSpider):
    """Likewise, from a sitemap."""

    name = "wanders_by_sitemap"

    def parse(self, response: Response) -> Iterator[Any]:
        yield {"url": response.url}
