"""Spiders whose process ends in mid-crawl, the first time or each time."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scrapy.http import Response

from spiders_project.spiders.demo_shop import DemoShopSpider


class DiesOnceSpider(DemoShopSpider):
    """Kills its process at one product, unless a file says that it did so before."""

    name = "dies_once"

    def __init__(self, *args: Any, signal_name: str, died: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.signal_name = signal_name
        self.died = Path(died)

    def parse_product(self, response: Response) -> Iterator[Any]:
        if response.url.endswith("33") and not self.died.exists():
            self.died.touch()
            os.kill(os.getpid(), signal.Signals[self.signal_name])
        yield from super().parse_product(response)


class DiesAtOnePageSpider(DemoShopSpider):
    """Ends its process at one product, each time."""

    name = "dies_at_one_page"

    def __init__(self, *args: Any, sku: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sku = sku

    def parse_product(self, response: Response) -> Iterator[Any]:
        if response.url.endswith(self.sku):
            os.abort()
        yield from super().parse_product(response)


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
