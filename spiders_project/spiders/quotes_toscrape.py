"""quotes.toscrape.com: every quotation, page after page.

A quotation has no address or number of its own there, so its text and author together are its
identity.
"""

from collections.abc import Iterator

from scrapy import Request
from scrapy.http import Response

from spiders_project.items import QuoteItem
from spiders_project.target_spider import TargetSpider


class QuotesToScrapeSpider(TargetSpider):
    """Collects every quotation with its author and tags."""

    name = "quotes_toscrape"
    key_fields = ("text", "author")
    allowed_domains = ["quotes.toscrape.com"]
    start_urls = ["https://quotes.toscrape.com/"]

    def parse(self, response: Response) -> Iterator[QuoteItem | Request]:
        for quote in response.css(".quote"):
            about = quote.css("a[href*='/author/']::attr(href)").get()
            yield QuoteItem(
                text=quote.css(".text::text").get(),
                author=quote.css(".author::text").get(),
                tags=quote.css(".tag::text").getall(),
                author_url=response.urljoin(about) if about else None,
            )
        pages = response.css(".pager .next a::attr(href)").getall()
        yield from response.follow_all(pages, self.parse)
