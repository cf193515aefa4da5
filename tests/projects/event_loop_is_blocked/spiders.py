"""Spiders with a callback that keeps the event loop for a while and then returns."""

import ctypes
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scrapy.http import Response

from spiders_project.spiders.demo_shop import DemoShopSpider


class BlocksSpider(DemoShopSpider):
    """Sleeps at the start page, where it should await; other threads go on."""

    name = "blocks"

    def __init__(self, *args: Any, seconds: int, began: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.seconds, self.began = seconds, began

    def parse(self, response: Response) -> Iterator[Any]:
        if self.began:
            Path(self.began).touch()
        self.block()
        yield from super().parse(response)

    def block(self) -> None:
        time.sleep(self.seconds)


class BlocksThreadsTooSpider(BlocksSpider):
    """The same in one C call that holds the interpreter."""

    name = "blocks_threads_too"

    def block(self) -> None:
        ctypes.PyDLL(None).sleep(self.seconds)
