"""The spider of a site that answers in JSON: a thousand small items from every page."""

import json
from collections.abc import Iterator
from typing import Any

from scrapy import Request, Spider
from scrapy.http import Response

from benchmarks.spiders.meter import METERED


class RecordsSpider(Spider):
    """Collects every record of every list at `start_url`."""

    name = "records"
    custom_settings = METERED

    def __init__(self, *args: Any, start_url: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.start_urls = [start_url]

    def parse(self, response: Response) -> Iterator[Request]:
        yield from response.follow_all(json.loads(response.body), self.parse_list)

    def parse_list(self, response: Response) -> Iterator[dict[str, Any]]:
        yield from json.loads(response.body)
