"""Spiders of the shop with one product whose callback, or errback, does some harm each time."""

import asyncio
import ctypes
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, NoReturn

from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from spiders_project.spiders.demo_shop import DemoShopSpider


def raises() -> NoReturn:
    raise ValueError("nothing to see here")


def spins() -> None:
    while True:
        time.sleep(0.01)


def holds() -> None:
    """One C call that holds the interpreter, and costs no CPU."""
    ctypes.PyDLL(None).sleep(3_600)


def segfaults() -> None:
    ctypes.string_at(0)


def allocates() -> None:
    held = b"x" * 2**30
    time.sleep(3_600)
    del held


HARMS: dict[str, Callable[[], None]] = {
    "raises": raises,
    "spins": spins,
    "holds": holds,
    "exits_0": lambda: os._exit(0),
    "exits_75": lambda: os._exit(75),
    "exits_255": lambda: os._exit(255),
    "quits": lambda: sys.exit("enough"),
    "segfaults": segfaults,
    "allocates": allocates,
}


class HarmfulSpider(DemoShopSpider):
    """Does its harm at one product, in a generator."""

    name = "harmful"
    custom_settings = {"KUMO_STUCK_SECONDS": 3}  # noqa: RUF012  # as Scrapy writes it

    def __init__(self, *args: Any, sku: str, harm: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sku, self.harm = sku, HARMS[harm]

    def parse_product(self, response: Response) -> Any:
        self.harm_at(response.url)
        yield from super().parse_product(response)

    def harm_at(self, url: str) -> None:
        if url.endswith(self.sku):
            self.harm()


class HarmfulFunctionSpider(HarmfulSpider):
    """The same in a function that returns a list."""

    name = "harmful_function"

    def parse_product(self, response: Response) -> Any:
        self.harm_at(response.url)
        return list(DemoShopSpider.parse_product(self, response))


class HarmfulCoroutineSpider(HarmfulSpider):
    """The same in a coroutine, after others had their turn."""

    name = "harmful_coroutine"

    async def parse_product(self, response: Response) -> Any:
        await asyncio.sleep(0.05)
        self.harm_at(response.url)
        return list(DemoShopSpider.parse_product(self, response))


class HarmfulAsyncGeneratorSpider(HarmfulSpider):
    """The same in an asynchronous generator, after others had their turn."""

    name = "harmful_async_generator"

    async def parse_product(self, response: Response) -> AsyncIterator[Any]:
        for item in DemoShopSpider.parse_product(self, response):
            await asyncio.sleep(0.05)
            self.harm_at(response.url)
            yield item


class HarmfulErrbackSpider(HarmfulSpider):
    """Asks for a product that is not there, and does its harm as it hears so."""

    name = "harmful_errback"

    def parse_listing(self, response: Response) -> Iterator[Request]:
        yield from super().parse_listing(response)
        yield response.follow(f"/products/{self.sku}-not", errback=self.miss)

    def parse_product(self, response: Response) -> Any:
        yield from DemoShopSpider.parse_product(self, response)

    def miss(self, failure: Failure) -> None:
        self.harm()
