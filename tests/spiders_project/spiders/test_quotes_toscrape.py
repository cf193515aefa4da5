"""The quotes_toscrape spider on a page of the website's structure."""

from scrapy.http import HtmlResponse

from spiders_project.items import QuoteItem
from spiders_project.spiders.quotes_toscrape import QuotesToScrapeSpider

SITE = "https://quotes.toscrape.com"


def test_a_page_gives_its_quotes_and_leads_to_the_next(saved_page):
    *items, request = QuotesToScrapeSpider().parse(saved_page("quotes_toscrape", f"{SITE}/"))
    assert items == [
        QuoteItem(
            text="“Begin where you are.”",
            author="A. Walker",
            tags=["start", "place"],
            author_url=f"{SITE}/author/A-Walker",
        ),
        QuoteItem(text="“Rain is only weather.”", author="B. Gärtner", tags=[]),
        QuoteItem(tags=[]),
    ]
    assert (request.url, request.callback.__name__) == (f"{SITE}/page/2/", "parse")


def test_a_page_without_quotes_ends_the_crawl():
    page = HtmlResponse(f"{SITE}/page/11/", body=b"<html><p>No quotes found!</p></html>")
    assert list(QuotesToScrapeSpider().parse(page)) == []
