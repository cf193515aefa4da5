"""The shop's HTML pages and drawings as text.

Templates are compiled once and nothing else is kept, so that one process can answer thousands of
requests a second and a shop of a million pages needs no more memory than a small one.
"""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from demo.catalogue import Product, Shelf, Shop, serial_of
from demo.feeds import json_ld, mail_date
from demo.visit import Visit

ARRIVALS = 6  # products on the home page


class Pages:
    """Renders one shop. A page that the shop does not have is None."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.environment = _environment(shop)

    def render(self, template: str, **context: object) -> str:
        """The text of one template."""
        return self.environment.get_template(template).render(context)

    def home(self, visit: Visit) -> str:
        """The way into every category, and what came in last."""
        return self.render("home.html", visit=visit, arrivals=self.shop.newest(visit.day, ARRIVALS))

    def listing(self, visit: Visit, slug: str, page: int) -> str | None:
        """One page of a category."""
        shelf = self.shop.shelf(slug, visit.day)
        if shelf is None or not 1 <= page <= shelf.pages:
            return None
        products = [self.shop.at(serial, visit.day) for serial in shelf.page(page)]
        return self.render(
            "listing.html",
            visit=visit,
            shelf=shelf,
            page=page,
            products=products,
            steps=steps(page, shelf),
        )

    def product(self, visit: Visit, product: Product) -> str:
        """One product, for people and as JSON-LD."""
        category, _, _ = self.shop.parts(serial_of(product.sku))
        data = json_ld(product, visit)
        return self.render(
            "product.html", visit=visit, product=product, category=category, data=data
        )

    def missing(self, visit: Visit, sentence: str) -> str:
        """What a visitor sees who asked for a page the shop does not have."""
        return self.render("missing.html", visit=visit, sentence=sentence)

    def image(self, sku: str) -> str | None:
        """The drawing of a product, also of one that is not on sale."""
        serial = serial_of(sku)
        if serial < 0:
            return None
        category, _, colour = self.shop.parts(serial)
        return self.render("image.svg", slug=category.slug, colour=colour.code)


def steps(page: int, shelf: Shelf) -> list[int]:
    """The page numbers that a listing page links to, itself among them.

    Neighbours, both ends and jumps of ten, a hundred and a thousand: from any page of a long
    category every other one is a few steps away, not thousands.
    """
    jumps = (0, 1, 2, 10, 100, 1000)
    near = {page + sign * jump for jump in jumps for sign in (-1, 1)}
    return sorted({1, shelf.pages} | {number for number in near if 1 <= number <= shelf.pages})


def stars(rating: float) -> str:
    """A rating out of five as characters."""
    full = round(rating)
    return "★" * full + "☆" * (5 - full)


def _environment(shop: Shop) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(["html", "xml", "svg"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {"money": "€{:,.2f}".format, "stars": stars, "mail_date": mail_date}
    environment.globals["shop"] = shop
    return environment
