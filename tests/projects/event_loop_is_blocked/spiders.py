"""Spiders with a callback that keeps the event loop for a while and then returns."""

import ctypes
import time
from collections.abc import Iterator
from typing import Any

from scrapy.http import Response

from spiders_project.spiders.demo_shop import DemoShopSpider


class BlocksSpider(DemoShopSpider):
    """Sleeps at the start page, where it should await; other threads go on."""

    name = "blocks"

    def __init__(self, *args: Any, seconds: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.seconds = seconds

    def parse(self, response: Response) -> Iterator[Any]:
        time.sleep(self.seconds)
        yield from super().parse(response)


class BlocksThreadsTooSpider(BlocksSpider):
    """The same in one C call that holds the interpreter."""

    name = "blocks_threads_too"

    def parse(self, response: Response) -> Iterator[Any]:
        ctypes.PyDLL(None).sleep(self.seconds)
        yield from DemoShopSpider.parse(self, response)
