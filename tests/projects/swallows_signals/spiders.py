"""Spiders that do not want to be told to stop."""

import os
import signal
from collections.abc import Iterator
from typing import Any

from scrapy.exceptions import CloseSpider
from scrapy.http import Response

from spiders_project.spiders.demo_shop import DemoShopSpider


class SwallowsSignalsSpider(DemoShopSpider):
    """Handles SIGTERM and SIGINT by doing nothing."""

    name = "swallows_signals"

    def parse(self, response: Response) -> Iterator[Any]:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        yield from super().parse(response)


class StopsItselfSpider(DemoShopSpider):
    """Closes itself with the word that Scrapy has for a signal."""

    name = "stops_itself"

    def parse(self, response: Response) -> Iterator[Any]:
        raise CloseSpider("shutdown")
        yield  # it is a generator to Scrapy


class SignalsItselfSpider(DemoShopSpider):
    """Sends its own process the signal of a worker that is told to stop."""

    name = "signals_itself"

    def parse(self, response: Response) -> Iterator[Any]:
        os.kill(os.getpid(), signal.SIGTERM)
        yield from super().parse(response)
