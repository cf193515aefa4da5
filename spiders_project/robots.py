"""robots.txt of any length."""

from typing import Any, Self

from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.robotstxt import ProtegoRobotParser

#: As much as RFC 9309 asks a crawler to read. Eight megabytes of rules kept the event loop for
#: twenty seconds, and then a little longer for each page.
_MOST_BYTES = 500 * 1024


class BoundedRobots(ProtegoRobotParser):
    """Reads the first 500 KB and leaves the rest."""

    def __init__(self, robotstxt_body: bytes, spider: Spider | None) -> None:
        super().__init__(robotstxt_body[:_MOST_BYTES], spider)

    @classmethod
    def from_crawler(cls, crawler: Crawler, robotstxt_body: bytes) -> Self:
        spider: Any = crawler.spider if crawler else None
        return cls(robotstxt_body, spider)
