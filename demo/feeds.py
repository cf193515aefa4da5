"""What the shop tells machines: robots.txt, sitemaps, the RSS feed and JSON-LD.

A large shop has several sitemaps behind a list of them, as real ones do, and any of them is
written without walking through the others.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime

from demo.catalogue import DAY_ZERO, Product, Shop
from demo.visit import Visit

SITEMAP_PART = 10_000  # addresses in one sitemap; the standard allows five times as many
FEED_ITEMS = 20


@dataclass(frozen=True, slots=True)
class Feeds:
    """Renders what machines read; `render` turns a template's name and context into text."""

    shop: Shop
    render: Callable[..., str]

    def robots(self, visit: Visit) -> str:
        """Everything may be fetched but the counts."""
        sitemap = visit.origin + visit.link("/sitemap.xml")
        return f"User-agent: *\nDisallow: /_stats\n\nSitemap: {sitemap}\n"

    def sitemap(self, visit: Visit, part: int | None = None) -> str | None:
        """Every page of the shop; of a large shop the list of its sitemaps."""
        parts = range(1, -(-self.shop.pages // SITEMAP_PART) + 1)
        if part is None and len(parts) > 1:
            return self.render("sitemaps.xml", visit=visit, parts=parts)
        if part is not None and part not in parts:
            return None
        first = ((part or 1) - 1) * SITEMAP_PART
        entries = self._entries(visit, range(first, first + SITEMAP_PART))
        return self.render("sitemap.xml", entries=entries)

    def rss(self, visit: Visit) -> str:
        """The newest products."""
        products = self.shop.newest(visit.day, FEED_ITEMS)
        items = [(product, self.shop.appeared(product.sku)) for product in products]
        return self.render("feed.xml", visit=visit, items=items)

    def _entries(self, visit: Visit, wanted: range) -> Iterator[tuple[str, date]]:
        """Full address and last change of the pages in that place of the sitemap."""
        listings = [("/", 1)]
        for category, pages in zip(self.shop.categories, self.shop.shelf_pages, strict=True):
            listings += [(f"/category/{category.slug}", page) for page in range(1, pages + 1)]
        for path, page in listings[wanted.start : wanted.stop]:
            yield visit.origin + visit.link(path, page), visit.date
        skipped = len(listings)
        serials = self.shop.serials(visit.day)
        for serial in serials[max(0, wanted.start - skipped) : max(0, wanted.stop - skipped)]:
            product = self.shop.at(serial, visit.day)
            yield visit.origin + visit.link(product.path), product.updated


def json_ld(product: Product, visit: Visit) -> dict[str, object]:
    """The product in the schema.org vocabulary, without a word about the visitor's day."""
    url = visit.canonical(product.path)
    return {
        "@context": "https://schema.org",
        "@type": "Product",
        "sku": product.sku,
        "name": product.name,
        "description": product.description,
        "category": product.category,
        "image": visit.canonical(product.image),
        "url": url,
        "aggregateRating": {
            "@type": "AggregateRating",
            "ratingValue": product.rating,
            "reviewCount": product.reviews,
        },
        "offers": {
            "@type": "Offer",
            "url": url,
            "price": f"{product.price:.2f}",
            "priceCurrency": product.currency,
            "availability": f"https://schema.org/{'InStock' if product.stock else 'OutOfStock'}",
            "inventoryLevel": {"@type": "QuantitativeValue", "value": product.stock},
        },
    }


def mail_date(day: int) -> str:
    """The midnight that begins a day of the shop, as RSS writes it."""
    return format_datetime(datetime.combine(DAY_ZERO + timedelta(days=day), time(), UTC))
