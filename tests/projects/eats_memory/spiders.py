"""A spider that takes more and more memory."""

import time

import scrapy
from scrapy.http import Response


class EatsMemorySpider(scrapy.Spider):
    """Holds on to ten megabytes more, again and again."""

    name = "eats_memory"

    def parse(self, response: Response) -> None:
        eaten = []
        while len(eaten) < 200:
            eaten.append(b"x" * 10_000_000)
            time.sleep(0.02)
