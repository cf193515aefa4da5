"""The spider of the list site: fifty items from every page."""

from collections.abc import Iterator
from typing import Any

from scrapy import Request, Spider
from scrapy.http import Response

from benchmarks.spiders.meter import METERED


class ListsSpider(Spider):
    """Collects every row of every list at `start_url`."""

    name = "lists"
    custom_settings = METERED

    def __init__(self, *args: Any, start_url: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.start_urls = [start_url]

    def parse(self, response: Response) -> Iterator[Request]:
        yield from response.follow_all(response.css("nav a::attr(href)").getall(), self.parse_list)

    def parse_list(self, response: Response) -> Iterator[dict[str, Any]]:
        for row in response.css("tr"):
            yield {
                "url": response.urljoin(row.css("a::attr(href)").get("")),
                "name": row.css("a::text").get(),
                "price": row.css(".price::text").get(),
                "stock": row.css(".stock::text").get(),
            }
