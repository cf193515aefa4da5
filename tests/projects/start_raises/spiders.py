"""A spider whose start() ends in an error after its first request."""

from collections.abc import AsyncIterator
from typing import Any

import scrapy
from scrapy.http import Response


class StumblesAtStartSpider(scrapy.Spider):
    """Yields one request and stumbles."""

    name = "stumbles_at_start"

    async def start(self) -> AsyncIterator[Any]:
        for url in self.start_urls:
            yield scrapy.Request(url)
        raise RuntimeError("the list of cities is gone")

    def parse(self, response: Response) -> None:
        """Wants nothing of it."""
