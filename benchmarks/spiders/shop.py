"""The demo shop's spider in plain Scrapy, for Kumo and its rivals alike.

Kumo's own `demo_shop` imports the ledger, which would burden a rival with what it does not use.
"""

from collections.abc import Iterator
from typing import Any

from scrapy import Request, Spider
from scrapy.http import Response

from benchmarks.spiders.meter import METERED


class ShopSpider(Spider):
    """Collects every product of the shop at `start_url`."""

    name = "shop"
    key_fields = ("sku",)
    custom_settings = METERED

    def __init__(self, *args: Any, start_url: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.start_urls = [start_url]

    def parse(self, response: Response) -> Iterator[Request]:
        categories = response.css(".categories a::attr(href)").getall()
        yield from response.follow_all(categories, self.parse_listing)

    def parse_listing(self, response: Response) -> Iterator[Request]:
        products = response.css(".card > a::attr(href)").getall()
        pages = response.css(".pagination a::attr(href)").getall()
        yield from response.follow_all(products, self.parse_product)
        yield from response.follow_all(pages, self.parse_listing)

    def parse_product(self, response: Response) -> Iterator[dict[str, Any]]:
        product = response.css(".product")
        yield {
            "url": response.css("link[rel=canonical]::attr(href)").get(),
            "sku": product.css(".sku::text").get(),
            "name": product.css("h1::text").get(),
            "price": product.css(".price data::attr(value)").get(),
            "currency": product.css(".currency::text").get(),
            "stock": product.css(".stock data::attr(value)").get(),
            "category": response.css(".trail .category::text").get(),
            "rating": product.css(".rating data::attr(value)").get(),
            "description": product.css(".description::text").get(),
            "image": product.css("img::attr(src)").get(),
            "updated": product.css(".updated::attr(datetime)").get(),
        }
