"""Records that came as data, such as descriptions and entries of an API: which fields they have.

The paths are those that JMESPath reads; where a property is now an object and now a list of them,
one path is proposed that reads both.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orchestrator.ledger.recipes.fields import PathField
from spiders_project.extraction import Page, Row
from spiders_project.extraction.structured import path_row
from spiders_project.proposals import kinds
from spiders_project.proposals.columns import worth
from spiders_project.proposals.fields import cleaning
from spiders_project.proposals.kinds import Kind

#: Records that are looked at, and properties within properties.
_MOST_RECORDS = 60
_DEEPEST = 3
_MOST_FIELDS = 30
_FEWEST = 0.2
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ADDRESS = re.compile(r"https?://\S+|/[\w./~%-]*[\w/]\S*", re.IGNORECASE)
_PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif|svg)(?:[?#]|$)", re.IGNORECASE)
#: What schema.org calls its properties, and Kumo its fields.
_NAMES = {
    "offers.price": "price",
    "offers.lowPrice": "price",
    "offers.priceCurrency": "currency",
    "offers.availability": "availability",
    "offers.url": "offer_url",
    "aggregateRating.ratingValue": "rating",
    "aggregateRating.reviewCount": "reviews",
    "aggregateRating.ratingCount": "ratings",
    "brand.name": "brand",
    "author.name": "author",
    "publisher.name": "publisher",
    "image.url": "image",
    "image.contentUrl": "image",
    "location.name": "location",
    "hiringOrganization.name": "company",
    "baseSalary.value.value": "salary",
    "datePublished": "date",
    "headline": "title",
}
_UNTOLD = frozenset(("@context", "@type", "@id", "mainEntityOfPage", "potentialAction"))
_NUMERIC = frozenset(
    ("price", "lowPrice", "highPrice", "ratingValue", "reviewCount", "ratingCount", "value")
)

Way = tuple[str, ...]
#: A way, what is there, and which of its steps lead through lists.
_Leaf = tuple[Way, Any, frozenset[int]]


def fields(records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A field for each property that enough of the records have, in their order."""
    some = [record for record in records if isinstance(record, Mapping)][:_MOST_RECORDS]
    values: dict[Way, list[Any]] = defaultdict(list)
    listed: dict[Way, set[int]] = defaultdict(set)
    for record in some:
        for way, value, lists in _leaves(record, (), frozenset()):
            values[way].append(value)
            listed[way] |= lists
    ways = [way for way, each in values.items() if len(each) >= max(1, _FEWEST * len(some))]
    made = [_field(way, values[way], listed[way]) for way in ways[:_MOST_FIELDS]]
    return _unique(sorted(made, key=lambda each: each["name"] not in ("name", "title")))


def bare(made: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The fields as a recipe has them, without what only proposals know."""
    return [{key: each[key] for key in ("name", "path", "clean")} for each in made]


def read(page: Page, some: Sequence[Any], made: Sequence[Mapping[str, Any]]) -> list[Row]:
    """The first records as the extraction reads them; of thousands the others are only counted."""
    placed = [PathField.model_validate(each) for each in bare(made)]
    return [path_row(record, placed, page) for record in some[:_MOST_RECORDS]]


def value_of(made: Sequence[Mapping[str, Any]]) -> float:
    """How much a list with these fields tells."""
    return sum(worth(each["kind"], each["name"]) for each in made)


def path_to(way: Sequence[str], listed: frozenset[int] | set[int] = frozenset()) -> str:
    """A way of keys as JMESPath writes it; through lists it takes what is first."""
    path = ""
    for depth, key in enumerate(way):
        name = key if _PLAIN.fullmatch(key) else json.dumps(key, ensure_ascii=False)
        path = f"{path}.{name}" if path else name
        if depth in listed:
            # A list of one, flattened: an object and a list of objects look alike afterwards.
            path = f"[{path}][]"
    return f"{path} | [0]" if listed else path


def _leaves(
    value: Any, way: Way, lists: frozenset[int]
) -> Iterator[tuple[Way, Any, frozenset[int]]]:
    if isinstance(value, Mapping) and len(way) < _DEEPEST:
        for key, inner in value.items():
            if key not in _UNTOLD and isinstance(key, str) and len(key) <= 80:
                yield from _leaves(inner, (*way, key), lists)
    elif isinstance(value, list) and value and isinstance(value[0], Mapping) and way:
        yield from _leaves(value[0], way, lists | {len(way) - 1})
    elif value not in (None, "", []) and not isinstance(value, Mapping) and way:
        yield way, value, lists


def _field(way: Way, values: Sequence[Any], listed: set[int]) -> dict[str, Any]:
    kind, clean = _kind(way[-1], values)
    path = path_to(way, listed)
    if kind is Kind.IMAGE and any(isinstance(value, list) for value in values):
        path = path_to(way, {len(way) - 1})
    return {"name": _name(way), "path": path, "clean": clean, "kind": kind}


def _kind(key: str, values: Sequence[Any]) -> tuple[Kind, list[Any]]:
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values):
        return Kind.NUMBER, []
    texts = [text for value in values if isinstance(text := _first(value), str)]
    if len(texts) < len(values):
        return Kind.TEXT, []
    if all(_ADDRESS.fullmatch(text.strip()) for text in texts):
        picture = "image" in key.lower() or all(_PICTURE.search(text) for text in texts)
        return (Kind.IMAGE if picture else Kind.LINK), ["absolute_url"]
    if any(isinstance(value, list) for value in values):
        return Kind.TEXT, []
    if key in _NUMERIC and kinds.of(texts) in (Kind.NUMBER, Kind.PRICE):
        return Kind.NUMBER, ["number"]
    kind = kinds.of(texts)
    return (kind, cleaning(kind, texts)) if kind in (Kind.DATE, Kind.PRICE) else (Kind.TEXT, [])


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value


def _name(way: Way) -> str:
    told = _NAMES.get(".".join(way)) or _NAMES.get(way[-1] if len(way) == 1 else "")
    return told or "_".join(way)


def _unique(made: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first of each name under it, others under the whole way to them."""
    seen: dict[str, dict[str, Any]] = {}
    for each in made:
        name = each["name"]
        number = 2
        while name in seen:
            name, number = f"{each['name']}_{number}", number + 1
        seen[name] = {**each, "name": name}
    return list(seen.values())
