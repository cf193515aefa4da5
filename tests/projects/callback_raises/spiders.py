"""A shop's spider that stumbles over some products and collects the others."""

from collections.abc import Iterator
from typing import Any

from scrapy.http import Response

from spiders_project.spiders.demo_shop import DemoShopSpider


class StumblesSpider(DemoShopSpider):
    """Raises on each product whose number ends in 7."""

    name = "stumbles"

    def parse_product(self, response: Response) -> Iterator[Any]:
        if response.url.endswith("7"):
            raise ValueError(f"nothing to see at {response.url}")
        yield from super().parse_product(response)
