"""Item classes of the shipped spiders, and numbers out of the text that pages show.

A field the page does not show is None: a website that loses a field should cost that field, not
the whole item.
"""

import re
from dataclasses import dataclass


@dataclass
class ProductItem:
    """A product of the demo shop."""

    url: str | None = None
    sku: str | None = None
    name: str | None = None
    price: float | None = None  #: In whole units of the currency: 24.9 is €24.90.
    currency: str | None = None  #: ISO 4217, such as EUR.
    stock: int | None = None  #: Pieces left; 0 is sold out.
    category: str | None = None
    rating: float | None = None  #: Out of five.
    description: str | None = None
    image: str | None = None
    updated: str | None = None  #: ISO date of its last change.


@dataclass
class BookItem:
    """A book of books.toscrape.com."""

    url: str | None = None
    upc: str | None = None
    title: str | None = None
    price: float | None = None  #: In whole units of the currency.
    currency: str | None = None
    stock: int | None = None
    category: str | None = None
    rating: int | None = None  #: Out of five.
    description: str | None = None
    image: str | None = None


@dataclass
class QuoteItem:
    """A quotation of quotes.toscrape.com."""

    text: str | None = None
    author: str | None = None
    tags: list[str] | None = None
    author_url: str | None = None


def decimal_in(text: str | None) -> float | None:
    """The first number in a text, commas taken as thousands separators; None without one."""
    digits = _digits_in(text, r"\d[\d,]*(?:\.\d+)?")
    return float(digits) if digits else None


def integer_in(text: str | None) -> int | None:
    """The first whole number in a text; None without one."""
    digits = _digits_in(text, r"\d[\d,]*")
    return int(digits) if digits else None


def _digits_in(text: str | None, pattern: str) -> str | None:
    found = re.search(pattern, text or "", re.ASCII)
    # No price or stock is that long, and Python refuses to read numbers of thousands of digits.
    return found[0].replace(",", "") if found and len(found[0]) <= 30 else None
