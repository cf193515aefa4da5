"""What the shop sells on any day, computed from the day alone.

A product is one serial number. The shop of day N sells the serials N, N + 1, … so that each day
the oldest product vanishes and one appears; everything about a product follows from its serial
and the day. Nothing is kept, so a shop of a million pages costs no more memory than one of five.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from zlib import crc32

from demo.wares import CATEGORIES, COLOURS, Category, Colour, Ware

DAY_ZERO = date(2026, 1, 1)
LAST_DAY = 99_999
CURRENCY = "EUR"
DEFAULT_PAGES = 71  # 60 products on ten listing pages of six, and the home page
FEWEST_PAGES, MOST_PAGES = 5, 1_000_000
PRICE_DAYS, STOCK_DAYS = 7, 5  # how long a price and a stock level last

# Two neighbouring periods take their price from different rows, so a new price always differs.
PRICE_PERCENTS = ((100, 110, 95), (90, 105, 85))


@dataclass(frozen=True, slots=True)
class Product:
    """One product as the shop shows it on one day."""

    sku: str
    name: str
    price: float  #: In whole units of the currency, with two decimals.
    currency: str
    stock: int  #: Pieces left; 0 is sold out.
    category: str
    rating: float
    reviews: int
    description: str
    updated: date  #: When it appeared or last changed its price or stock.

    @property
    def path(self) -> str:
        """Where the shop shows it."""
        return f"/products/{self.sku}"

    @property
    def image(self) -> str:
        """The path of its drawing."""
        return f"/images/{self.sku}.svg"


@dataclass(frozen=True, slots=True)
class Changes:
    """What the shop of one day has over the shop of another, as SKUs."""

    new: frozenset[str]
    changed: frozenset[str]
    unchanged: frozenset[str]
    gone: frozenset[str]


@dataclass(frozen=True, slots=True)
class Shelf:
    """A category on one day: the serials it holds, over its listing pages."""

    category: Category
    serials: Sequence[int]
    pages: int

    def page(self, number: int) -> Sequence[int]:
        """The serials on listing page `number`, counted from 1."""
        size = len(self.serials)
        return self.serials[(number - 1) * size // self.pages : number * size // self.pages]


class Shop:
    """The whole shop: exactly `pages` linked HTML pages, on every day."""

    def __init__(self, pages: int | None = None) -> None:
        self.pages = DEFAULT_PAGES if pages is None else pages
        if not FEWEST_PAGES <= self.pages <= MOST_PAGES:
            msg = f"The shop has {FEWEST_PAGES} to {MOST_PAGES:,} pages, not {self.pages:,}."
            raise ValueError(msg)
        products_on_a_page = 6 if self.pages < 1000 else 24
        self.listings = -(-(self.pages - 1) // (products_on_a_page + 1))
        self.size = self.pages - 1 - self.listings
        self.categories = CATEGORIES[: self.listings]

    def serials(self, day: int) -> range:
        """The serials on sale."""
        if not 0 <= day <= LAST_DAY:
            msg = f"The shop is open from day 0 to day {LAST_DAY:,}, not on day {day:,}."
            raise ValueError(msg)
        return range(day, day + self.size)

    def products(self, day: int) -> list[Product]:
        """Every product of the day, the oldest first."""
        return [self.at(serial, day) for serial in self.serials(day)]

    def product(self, sku: str, day: int) -> Product | None:
        """The product of that SKU, or None where the day's shop has none."""
        serial = serial_of(sku)
        return self.at(serial, day) if serial in self.serials(day) else None

    def newest(self, day: int, count: int) -> list[Product]:
        """The last `count` products to appear, the newest first."""
        return [self.at(serial, day) for serial in self.serials(day)[: -count - 1 : -1]]

    def changes(self, day_a: int, day_b: int) -> Changes:
        """What a visitor of `day_b` finds who was last here on `day_a`."""
        before = {product.sku: product for product in self.products(day_a)}
        after = {product.sku: product for product in self.products(day_b)}
        both = before.keys() & after.keys()
        unchanged = frozenset(sku for sku in both if before[sku] == after[sku])
        return Changes(
            new=frozenset(after.keys() - both),
            changed=frozenset(both - unchanged),
            unchanged=unchanged,
            gone=frozenset(before.keys() - both),
        )

    @cached_property
    def shelf_pages(self) -> tuple[int, ...]:
        """How many listing pages each category has, on every day."""
        count = len(self.categories)
        return tuple(len(range(i, self.listings, count)) for i in range(count))

    def shelf(self, slug: str, day: int) -> Shelf | None:
        """The category of that slug, or None."""
        slugs = [category.slug for category in self.categories]
        if slug not in slugs:
            return None
        index, count = slugs.index(slug), len(slugs)
        serials = self.serials(day)[(index - day) % count :: count]
        return Shelf(self.categories[index], serials, self.shelf_pages[index])

    def at(self, serial: int, day: int) -> Product:
        """The product of that serial as it is on `day`."""
        category, ware, _ = self.parts(serial)
        chance = crc32(b"%d" % serial)
        price_period, stock_period = (serial + day) // PRICE_DAYS, (serial + day) // STOCK_DAYS
        periods_began = max(price_period * PRICE_DAYS, stock_period * STOCK_DAYS) - serial
        changed = max(periods_began, serial - self.size + 1)
        return Product(
            sku=f"KM-{serial:06d}",
            name=self.name(serial),
            price=_price_cents(ware, serial, price_period) / 100,
            currency=CURRENCY,
            stock=_stock(serial, stock_period),
            category=category.title,
            rating=(30 + chance % 21) / 10,
            reviews=1 + chance // 32 % 240,
            description=ware.blurb,
            updated=DAY_ZERO + timedelta(days=changed),
        )

    def appeared(self, sku: str) -> int:
        """The first day a product is on sale; before day 0 for those the shop began with."""
        return serial_of(sku) - self.size + 1

    def parts(self, serial: int) -> tuple[Category, Ware, Colour]:
        """What a serial is made of. The next one of the same ware has another colour."""
        nth, shelf = divmod(serial, len(self.categories))
        category = self.categories[shelf]
        round_, kind = divmod(nth, len(category.wares))
        colour = COLOURS[(round_ + 5 * kind + 7 * shelf) % len(COLOURS)]
        return category, category.wares[kind], colour

    def name(self, serial: int) -> str:
        """The ware and its colour; once every colour was used, an edition too."""
        category, ware, colour = self.parts(serial)
        used = len(self.categories) * len(category.wares) * len(COLOURS)
        edition = f" No. {serial // used + 1}" if serial >= used else ""
        if ware.name.isascii():
            return f"{ware.name}, {colour.english}{edition}"
        return f"{ware.name}（{colour.japanese}）{edition}"


def serial_of(sku: str) -> int:
    """The serial behind a SKU, or -1 for text that is none."""
    return int(sku[3:]) if re.fullmatch(r"KM-(\d{6}|[1-9]\d{6})", sku, re.ASCII) else -1


def day_of(today: date) -> int:
    """The shop's own day on a calendar day; a clock before day zero counts as day zero."""
    return max(0, (today - DAY_ZERO).days)


def _price_cents(ware: Ware, serial: int, period: int) -> int:
    choices = PRICE_PERCENTS[period % 2]
    percent = choices[crc32(b"price %d %d" % (serial, period)) % len(choices)]
    return round((ware.euros * 100 - 10) * percent / 1000) * 10


def _stock(serial: int, period: int) -> int:
    """Even and odd by turns, so that a new level differs; sold out now and then."""
    level = max(0, crc32(b"stock %d %d" % (serial, period)) % 15 - 2)
    return 2 * level + period % 2
