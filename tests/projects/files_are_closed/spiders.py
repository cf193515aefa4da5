"""Spiders that close files which are not theirs."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from scrapy.http import Response

from spiders_project.spiders.demo_shop import DemoShopSpider


class ClosesItsPipesSpider(DemoShopSpider):
    """Closes its terminal, as a daemon does, and every pipe, that to its launcher among them."""

    name = "closes_its_pipes"

    def parse(self, response: Response) -> Iterator[Any]:
        os.closerange(0, 3)
        for fd in list(Path("/proc/self/fd").iterdir()):
            with suppress(OSError):
                if str(fd.readlink()).startswith("pipe:"):
                    os.close(int(fd.name))
        yield from super().parse(response)


class ClosesEverythingSpider(DemoShopSpider):
    """Closes whatever is open."""

    name = "closes_everything"

    def parse(self, response: Response) -> Iterator[Any]:
        os.closerange(0, 1_024)
        yield from super().parse(response)
