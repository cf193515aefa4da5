"""A spider whose callback never returns, in one C call that holds the interpreter."""

import re

import scrapy
from scrapy.http import Response


class SpinsSpider(scrapy.Spider):
    """Runs a regular expression that would take years."""

    name = "spins"
    custom_settings = {"KUMO_STUCK_SECONDS": 2}  # noqa: RUF012  # as Scrapy writes it

    def parse(self, response: Response) -> None:
        re.match(r"(a+)+$", "a" * 64 + "b")
