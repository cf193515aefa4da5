"""Spiders as people bring them, written for Scrapy alone."""

from collections.abc import Iterator
from typing import Any

import scrapy
from scrapy.http import Response
from scrapy.linkextractors import LinkExtractor
from scrapy.spiders import CrawlSpider, Rule, SitemapSpider


class AddCurrency:
    """A pipeline of theirs."""

    def process_item(self, item: dict[str, Any]) -> dict[str, Any]:
        return item | {"currency": "EUR"}


class AddShop:
    """A spider middleware of theirs."""

    async def process_spider_output(self, response: Response, result: Any) -> Any:
        async for each in result:
            yield each | {"shop": "theirs"} if isinstance(each, dict) else each


def product(response: Response) -> dict[str, Any]:
    """What they take from a product's page."""
    return {
        "url": response.css("link[rel=canonical]::attr(href)").get(),
        "sku": response.css(".sku::text").get(),
    }


class TheirSpider(scrapy.Spider):
    """A spider that brings components of its own, and a scheduler."""

    name = "theirs"
    custom_settings = {  # noqa: RUF012  # as Scrapy's own manual writes it
        "ITEM_PIPELINES": {"tests.projects.peoples_own.spiders.AddCurrency": 300},
        "SPIDER_MIDDLEWARES": {"tests.projects.peoples_own.spiders.AddShop": 500},
        "SCHEDULER": "scrapy.core.scheduler.Scheduler",
        "TELNETCONSOLE_ENABLED": True,
        "JOBDIR": "a_folder_that_nobody_wants",
        "CONCURRENT_REQUESTS": 4,
    }

    def parse(self, response: Response) -> Iterator[Any]:
        yield from response.follow_all(css=".categories a, .pagination a, .card > a")
        if response.css(".sku"):
            yield product(response)


class TheirCrawlSpider(CrawlSpider):
    """Follows what its rules say."""

    name = "their_rules"
    rules = (
        Rule(LinkExtractor(allow="/category/")),
        Rule(LinkExtractor(allow="/products/"), callback="parse_product"),
    )

    def parse_product(self, response: Response) -> dict[str, Any]:
        return product(response)


class TheirSitemapSpider(SitemapSpider):
    """Reads the shop's sitemap."""

    name = "their_sitemap"
    sitemap_rules = [("/products/", "parse_product")]  # noqa: RUF012  # likewise

    def parse_product(self, response: Response) -> Iterator[dict[str, Any]]:
        yield product(response)


class InMemorySpider(scrapy.Spider):
    """Makes requests that cannot be written down: a lambda, and a tuple in meta."""

    name = "in_memory"

    def parse(self, response: Response) -> Iterator[Any]:
        for url in response.css(".categories a::attr(href)").getall():
            yield response.follow(url, callback=self.parse_listing, meta={"place": (1, 2)})

    def parse_listing(self, response: Response) -> Iterator[Any]:
        assert response.meta["place"] == (1, 2)
        for url in response.css(".card > a::attr(href)").getall():
            yield response.follow(url, callback=lambda page: iter([product(page)]))
        for url in response.css(".pagination a::attr(href)").getall():
            yield response.follow(url, callback=self.parse_listing, meta={"place": (1, 2)})
