"""Spiders whose process ends at the start page, each time."""

import os
from collections.abc import Iterator
from typing import Any

from scrapy.http import Response

from spiders_project.spiders.demo_shop import DemoShopSpider


class DiesAtOnceSpider(DemoShopSpider):
    """Ends its process at the start page, each time."""

    name = "dies_at_once"

    def parse(self, response: Response) -> Iterator[Any]:
        os.abort()
        yield  # it is a generator to Scrapy


class ExitsSpider(DemoShopSpider):
    """Leaves without a word, each time."""

    name = "exits"

    def parse(self, response: Response) -> Iterator[Any]:
        os._exit(7)
        yield  # it is a generator to Scrapy
