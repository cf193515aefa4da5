"""Spiders that take more and more memory."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import scrapy
from scrapy.http import Response

from spiders_project.spiders.demo_shop import DemoShopSpider


class EatsMemorySpider(scrapy.Spider):
    """Holds on to ten megabytes more, again and again."""

    name = "eats_memory"

    def parse(self, response: Response) -> None:
        eaten = []
        while len(eaten) < 200:
            eaten.append(b"x" * 10_000_000)
            time.sleep(0.02)


class EatsMemoryOnceSpider(DemoShopSpider):
    """Takes too much at one product, unless a file says that it did so before."""

    name = "eats_memory_once"

    def __init__(self, *args: Any, eaten: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.eaten = Path(eaten)

    def parse_product(self, response: Response) -> Iterator[Any]:
        if response.url.endswith("33") and not self.eaten.exists():
            self.eaten.touch()
            held = b"x" * 2**29
            time.sleep(3_600)
            del held
        yield from super().parse_product(response)
