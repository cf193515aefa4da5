"""TargetSpider: a spider that knows its target.

It is for comfort, not a duty: any Scrapy spider can be a target's. This one can also be debugged
with its target's definition, by `scrapy crawl NAME -a target=NAME`.
"""

from typing import Any, ClassVar, Self

import scrapy
from scrapy.crawler import Crawler

from spiders_project import secrets


class TargetSpider(scrapy.Spider):
    """A spider that takes start URLs and arguments from its target, when it has one.

    `key_fields` tells items apart unless the target says otherwise; `resumable = False` makes a
    new attempt start afresh, for spiders that keep state between requests.
    """

    key_fields: ClassVar[tuple[str, ...]] = ()
    resumable: ClassVar[bool] = True

    @classmethod
    def from_crawler(
        cls, crawler: Crawler, *args: Any, target: str | None = None, **arguments: Any
    ) -> Self:
        if target is None:
            return super().from_crawler(crawler, *args, **arguments)
        # A job's crawl has its definition, and does without what these take.
        from orchestrator import database
        from orchestrator.ledger import targets

        with database.transaction() as session:
            definition = targets.find(session, target)
        told = secrets.told(cls.name, definition.arguments)
        spider = super().from_crawler(crawler, *args, **{**told, **arguments})
        if "start_url" not in arguments:
            start_at(spider, definition.start_urls)
        return spider


def start_at(spider: scrapy.Spider, start_urls: list[str]) -> None:
    """Makes any spider begin at its target's start URLs; none = where the spider says."""
    if not start_urls:
        return
    if isinstance(spider, scrapy.spiders.SitemapSpider):
        spider.sitemap_urls = list(start_urls)
    else:
        spider.start_urls = list(start_urls)
