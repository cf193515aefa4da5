"""books.toscrape.com: the listing pages one after another, and the page of every book.

The category is on the page of a book alone, which is one reason why each is opened.
"""

from collections.abc import Iterator

from scrapy import Request
from scrapy.http import Response

from spiders_project.items import BookItem, decimal_in, integer_in
from spiders_project.target_spider import TargetSpider

RATINGS = {"One": 1, "Two": 2, "Three": 3, "Four": 4, "Five": 5}
CURRENCIES = {"£": "GBP", "€": "EUR", "$": "USD"}


class BooksToScrapeSpider(TargetSpider):
    """Collects every book of the catalogue."""

    name = "books_toscrape"
    key_fields = ("upc",)
    allowed_domains = ["books.toscrape.com"]
    start_urls = ["https://books.toscrape.com/"]

    def parse(self, response: Response) -> Iterator[Request]:
        books = response.css(".product_pod h3 a::attr(href)").getall()
        pages = response.css(".pager .next a::attr(href)").getall()
        yield from response.follow_all(books, self.parse_book)
        yield from response.follow_all(pages, self.parse)

    def parse_book(self, response: Response) -> Iterator[BookItem]:
        price = response.css(".product_main .price_color::text").get() or ""
        rating = response.css(".product_main .star-rating::attr(class)").get() or ""
        image = response.css("#product_gallery img::attr(src)").get()
        yield BookItem(
            url=response.url,
            upc=response.xpath("//th[text()='UPC']/following-sibling::td/text()").get(),
            title=response.css(".product_main h1::text").get(),
            price=decimal_in(price),
            currency=CURRENCIES.get(price.strip()[:1]),
            stock=integer_in("".join(response.css(".product_main .availability::text").getall())),
            category=response.css(".breadcrumb li:nth-child(3) a::text").get(),
            rating=RATINGS.get(rating.rpartition(" ")[2]),
            description=response.css("#product_description + p::text").get(),
            image=response.urljoin(image) if image else None,
        )
