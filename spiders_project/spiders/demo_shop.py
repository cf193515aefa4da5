"""The demo shop: home page, categories, their listing pages, and every product.

The shop listens on whatever port was free, so its address is looked up when the spider is made,
unless the target or `-a start_url=…` gives one.
"""

from collections.abc import Iterator
from typing import Any

from scrapy import Request
from scrapy.http import Response

from orchestrator import config
from spiders_project.items import ProductItem, decimal_in, integer_in
from spiders_project.target_spider import TargetSpider


class DemoShopSpider(TargetSpider):
    """Collects every product of the shop, on the day that the start page shows."""

    name = "demo_shop"
    key_fields = ("sku",)

    def __init__(self, *args: Any, start_url: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if start_url:
            self.start_urls = [start_url]
        elif not self.start_urls:
            self.start_urls = [config.get().demo_url]

    def parse(self, response: Response) -> Iterator[Request]:
        categories = response.css(".categories a::attr(href)").getall()
        yield from response.follow_all(categories, self.parse_listing)

    def parse_listing(self, response: Response) -> Iterator[Request]:
        products = response.css(".card > a::attr(href)").getall()
        pages = response.css(".pagination a::attr(href)").getall()
        yield from response.follow_all(products, self.parse_product)
        yield from response.follow_all(pages, self.parse_listing)

    def parse_product(self, response: Response) -> Iterator[ProductItem]:
        product = response.css(".product")
        yield ProductItem(
            url=response.css("link[rel=canonical]::attr(href)").get(),
            sku=product.css(".sku::text").get(),
            name=product.css("h1::text").get(),
            price=decimal_in(product.css(".price data::attr(value)").get()),
            currency=product.css(".currency::text").get(),
            stock=integer_in(product.css(".stock data::attr(value)").get()),
            category=response.css(".trail .category::text").get(),
            rating=decimal_in(product.css(".rating data::attr(value)").get()),
            description=product.css(".description::text").get(),
            image=response.urljoin(src) if (src := product.css("img::attr(src)").get()) else None,
            updated=product.css(".updated::attr(datetime)").get(),
        )
