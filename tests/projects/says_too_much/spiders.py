"""A spider that puts what it scrapes into its errors, and a password into its log."""

from collections.abc import Iterator
from typing import Any

from scrapy.http import Response

from spiders_project.spiders.demo_shop import DemoShopSpider


class SaysTooMuchSpider(DemoShopSpider):
    """Fails at every product, and says of which."""

    name = "says_too_much"

    def parse_product(self, response: Response) -> Iterator[Any]:
        for item in super().parse_product(response):
            self.logger.warning("Tried https://me:hunter2@shop.example/ for %s", item.name)
            raise ValueError(f"No price of {item.name}")
        yield
