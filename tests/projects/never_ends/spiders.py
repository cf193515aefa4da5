"""A spider on a site that makes a new link on every page."""

from collections.abc import Iterator

import scrapy
from scrapy.http import Response


class EndlessSpider(scrapy.Spider):
    """Follows a link of its own making from each page."""

    name = "endless"

    def parse(self, response: Response, page: int = 1) -> Iterator[scrapy.Request]:
        url = response.urljoin(f"/?page={page + 1}")
        yield scrapy.Request(url, cb_kwargs={"page": page + 1})
