"""A spider that reads whatever is linked."""

from collections.abc import Iterator
from typing import Any

import scrapy
from scrapy.http import Response


class FollowSpider(scrapy.Spider):
    """An item a page; follows every link."""

    name = "follow"

    def parse(self, response: Response, **_: Any) -> Iterator[Any]:
        yield {"url": response.url}
        yield from response.follow_all(css="a")
