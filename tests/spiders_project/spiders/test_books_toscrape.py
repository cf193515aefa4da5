"""The books_toscrape spider on pages of the website's structure."""

from scrapy.http import HtmlResponse

from spiders_project.items import BookItem
from spiders_project.spiders.books_toscrape import BooksToScrapeSpider

SITE = "https://books.toscrape.com"


def followed(results):
    return [(request.url, request.callback.__name__) for request in results]


def test_a_listing_page_leads_to_its_books_and_to_the_next_page(saved_page):
    results = BooksToScrapeSpider().parse(saved_page("books_toscrape_listing", f"{SITE}/"))
    assert followed(results) == [
        (f"{SITE}/catalogue/the-quiet-river_1/index.html", "parse_book"),
        (f"{SITE}/catalogue/winter-bread_2/index.html", "parse_book"),
        (f"{SITE}/catalogue/page-2.html", "parse"),
    ]


def test_the_last_listing_page_leads_to_its_books_only(saved_page):
    page = saved_page("books_toscrape_last_listing", f"{SITE}/catalogue/page-2.html")
    results = BooksToScrapeSpider().parse(page)
    assert followed(results) == [(f"{SITE}/catalogue/old-maps_3/index.html", "parse_book")]


def test_the_page_of_a_book_is_read_whole(saved_page):
    url = f"{SITE}/catalogue/the-quiet-river_1/index.html"
    assert list(BooksToScrapeSpider().parse_book(saved_page("books_toscrape_book", url))) == [
        BookItem(
            url=url,
            upc="a1b2c3d4e5f60718",
            title="The Quiet River",
            price=12.5,
            currency="GBP",
            stock=19,
            category="Travel",
            rating=4,
            description="A journey by boat.",
            image=f"{SITE}/media/cache/aa/bb.jpg",
        )
    ]


def test_fields_a_page_does_not_show_are_none():
    url = f"{SITE}/catalogue/x/index.html"
    page = HtmlResponse(url, body=b"<html><p>Soon</p></html>")
    assert list(BooksToScrapeSpider().parse_book(page)) == [BookItem(url=url)]
