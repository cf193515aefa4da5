"""A shop of some 240 products, night by night, and what may break of it; the same for a seed.

Products come and go, prices and stocks move, some pages lack something, weekends are quieter. Pages
and durations vary. All by about a tenth, which is what a judgement has to live with.
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

Item = dict[str, Any]

#: English words, and what they become when the language is switched.
_ADJECTIVES = {
    "red": "rot", "blue": "blau", "small": "klein", "large": "gross", "light": "leicht",
    "heavy": "schwer", "round": "rund", "folding": "klappbar", "garden": "Garten",
}  # fmt: skip
_NOUNS = {
    "chair": "Stuhl", "table": "Tisch", "lamp": "Leuchte", "shelf": "Regal", "desk": "Pult",
    "stool": "Hocker", "bench": "Bank", "mirror": "Spiegel", "carpet": "Teppich", "clock": "Uhr",
}  # fmt: skip
_PLAIN = {
    "the": "der", "and": "und", "with": "mit", "for": "für", "of": "von", "in": "im",
    "from": "aus", "this": "dieser", "our": "unser", "your": "dein", "home": "Zuhause",
    "room": "Zimmer", "soft": "weich", "strong": "stark", "oak": "Eiche",
}  # fmt: skip
_GERMAN = _ADJECTIVES | _NOUNS | _PLAIN
_BRANDS = ("Aki", "Borg", "Cato", "Dura", "Elm", "Fjord", "Gala", "Hue")


@dataclass(slots=True)
class Night:
    """What a crawl found, and how it went."""

    items: list[Item]
    pages: int
    seconds: float
    errors: int = 0


@dataclass
class Shop:
    """A shop that lives on, a night at a time."""

    seed: int
    size: int = 240
    #: Each price moves every night, not only some of them.
    lively: bool = False
    #: Prices are texts with a mark.
    priced_in_text: bool = False
    nights: list[Night] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._made = 0
        self._products = [self._product() for _ in range(round(self.size * 1.06))]

    def night(self) -> Night:
        """The next night."""
        chance = self._random
        quiet = 0.3 if len(self.nights) % 7 in (5, 6) else 1.0
        for place, product in enumerate(self._products):
            if chance.random() < 0.01 * quiet:
                self._products[place] = self._product()
            self._live(product, quiet)
        shown = chance.uniform(0.9, 1.0)
        items = [self._item(each) for each in self._products if chance.random() < shown]
        pages = round((len(items) + len(items) / 24) * chance.uniform(0.9, 1.1))
        seconds = 900 * chance.lognormvariate(0, 0.25) * (1.5 if len(self.nights) % 7 == 0 else 1)
        night = Night(items, max(pages, 1), seconds, errors=chance.choice((0, 0, 0, 1, 2)))
        self.nights.append(night)
        return night

    def _live(self, product: Item, quiet: float) -> None:
        chance = self._random
        if self.lively or chance.random() < 0.15 * quiet:
            product["price"] = round(product["base"] * chance.uniform(0.9, 1.1), 2)
        if chance.random() < 0.4:
            product["stock"] = max(0, product["stock"] + chance.randint(-5, 5))
        if chance.random() < 0.01:
            product["description"] = self._text(chance.randint(12, 40))

    def _product(self) -> Item:
        chance = self._random
        self._made += 1
        base = round(math.exp(chance.gauss(4, 0.9)), 2)
        title = f"{chance.choice(list(_ADJECTIVES))} {chance.choice(list(_NOUNS))} {self._made}"
        return {
            "url": f"https://shop.test/p/{self._made}",
            "title": title.capitalize(),
            "base": base,
            "price": base,
            "stock": chance.randint(0, 60),
            "brand": chance.choice(_BRANDS),
            "description": self._text(chance.randint(12, 40)),
            "tags": chance.sample(list(_ADJECTIVES), chance.randint(1, 4)),
            "rated": chance.random() < 0.1,
        }

    def _text(self, words: int) -> str:
        return " ".join(
            self._random.choice(list(_PLAIN if self._random.random() < 0.6 else _NOUNS))
            for _ in range(words)
        )

    def _item(self, product: Item) -> Item:
        chance = self._random
        item = {name: value for name, value in product.items() if name not in ("base", "rated")}
        if product["rated"]:
            item["rating"] = round(chance.uniform(3, 5), 1)
        if self.priced_in_text:
            item["price"] = f"{item['price']:.2f} €".replace(".", ",")
        if chance.random() < 0.01:
            item["price"] = None
        if chance.random() < 0.08:
            item.pop("description")
        return item


@dataclass(frozen=True, slots=True)
class Break:
    """Something that goes wrong with a shop."""

    name: str
    #: The fields of which one has to be named; empty = it is about none.
    fields: tuple[str, ...]
    does: Callable[[Shop, Night], Night]


def _to_items(change: Callable[[Item], Item]) -> Callable[[Shop, Night], Night]:
    def broken(shop: Shop, night: Night) -> Night:
        return Night([change(dict(each)) for each in night.items], night.pages, night.seconds)

    return broken


def _to_list(change: Callable[[list[Item]], list[Item]]) -> Callable[[Shop, Night], Night]:
    def broken(shop: Shop, night: Night) -> Night:
        items = change(night.items)
        pages = max(1, round(night.pages * len(items) / len(night.items)))
        return Night(items, pages, night.seconds)

    return broken


def _shifted(item: Item) -> Item:
    order = ("title", "price", "stock", "brand", "description")
    values = [item.get(name) for name in order]
    return item | dict(zip(order, [*values[1:], values[0]], strict=True))


def _as_first(items: list[Item]) -> list[Item]:
    return [{**items[0], "url": each["url"]} for each in items]


def _as_text(item: Item) -> Item:
    price = item["price"]
    return item | {"price": price if price is None else f"from {price}"}


def _in_dollars(item: Item) -> Item:
    price = item["price"]
    if isinstance(price, str):
        return item | {"price": "$" + price.removesuffix(" €").replace(",", ".")}
    return item | {"price": price if price is None else round(price * 1.08, 2)}


def _in_german(item: Item) -> Item:
    def said(text: str) -> str:
        return " ".join(_GERMAN.get(word.lower(), word) for word in text.split())

    return item | {name: said(item[name]) for name in ("title", "description") if name in item}


def _page_instead(title: str, text: str) -> Callable[[Item], Item]:
    return lambda item: {"url": item["url"], "title": title, "description": text, "price": None}


def _twice(items: list[Item]) -> list[Item]:
    return [*items, *({**each, "url": each["url"] + "?from=list"} for each in items)]


def _as_a_week_ago(shop: Shop, night: Night) -> Night:
    return shop.nights[-7]


def _as_last_night(shop: Shop, night: Night) -> Night:
    return shop.nights[-2]


BREAKS: Sequence[Break] = (
    Break("column emptied", ("price",), _to_items(lambda item: item | {"price": ""})),
    Break("column shifted", ("title", "price"), _to_items(_shifted)),
    Break("half the rows", (), _to_list(lambda items: items[::2])),
    Break("all rows the same", ("title",), _to_list(_as_first)),
    Break("price as text", ("price",), _to_items(_as_text)),
    Break(
        "sign-in page instead of list",
        (),
        _to_list(lambda items: [{"url": "https://shop.test/login", "title": "Sign in"}]),
    ),
    Break(
        "block page with 200",
        ("price", "title"),
        _to_items(_page_instead("Access denied", "Your request looked unusual. Reference 7.")),
    ),
    Break("currency switched", ("price",), _to_items(_in_dollars)),
    Break("pagination cut", (), _to_list(lambda items: items[:24])),
    Break("language switched", ("title", "description"), _to_items(_in_german)),
    Break("duplicates", (), _to_list(_twice)),
    Break("stale copy", (), _as_a_week_ago),
    # Another way in which some of them show.
    Break("stale copy of last night", (), _as_last_night),
    Break("optional column emptied", ("rating",), _to_items(lambda i: i | {"rating": None})),
    Break("nothing instead of list", (), _to_list(lambda items: [])),
    Break("half are copies", ("title",), _to_list(lambda items: [
        each if at % 2 else {**items[at // 24 * 24], "url": each["url"]}
        for at, each in enumerate(items)
    ])),
)  # fmt: skip
