"""A proposal: a recipe that somebody could accept as it is, and what it reads from the page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.exceptions import Sentence
from spiders_project.extraction import Row
from spiders_project.extraction.extracted import is_empty
from spiders_project.proposals.kinds import Kind

_SAMPLES = 5
#: Fields that are made to tell items apart, the best first.
_KEYS = ("sku", "id", "isbn", "gtin13", "product_id", "item_id", "asin", "url", "name", "title")


@dataclass(frozen=True, slots=True)
class ReadColumn:
    """A column as the recipe reads it."""

    name: str
    kind: Kind
    #: Of the first rows that have one, as they would be stored.
    samples: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """A spider, its recipe and what comes of it, in words and in numbers."""

    spider: str
    arguments: Mapping[str, Any]
    title: Sentence
    #: Where its crawl begins: the page itself, or a feed or sitemap that it names.
    start_url: str
    #: How many are on this page; None = they are elsewhere and not fetched yet.
    rows: int | None = None
    columns: tuple[ReadColumn, ...] = ()
    #: The first of them.
    read: tuple[Row, ...] = ()
    score: float = 0.0

    @property
    def key_fields(self) -> tuple[str, ...]:
        """The one field that tells the items apart, if any does: in every row, and never twice."""
        names = [column.name for column in self.columns]
        order = [*_KEYS, *(name for name in names if name not in _KEYS)]
        own = (name for name in order if name in names and _tells_apart(self.read, name))
        found = next(own, None)
        return () if found is None else (found,)

    def as_json(self) -> dict[str, Any]:
        """As a draft keeps it; the dashboard says the title in its reader's language."""
        return {
            "spider": self.spider,
            "arguments": dict(self.arguments),
            "title": {"pattern": self.title.pattern, "values": dict(self.title.values)},
            "start_url": self.start_url,
            "key_fields": list(self.key_fields),
            "rows": self.rows,
            "columns": [
                {"name": each.name, "kind": each.kind.value, "samples": list(each.samples)}
                for each in self.columns
            ],
            "score": round(self.score, 2),
        }


def read_columns(fields: Iterable[tuple[str, Kind]], rows: Sequence[Row]) -> tuple[ReadColumn, ...]:
    """The columns with samples; those that a field brought along, such as a currency, come last."""
    known = dict(fields)
    names = dict.fromkeys([*known, *(name for row in rows for name in row)])
    return tuple(
        ReadColumn(name, known.get(name, Kind.TEXT), _samples(rows, name)) for name in names
    )


def _samples(rows: Sequence[Row], name: str) -> tuple[Any, ...]:
    values = (row.get(name) for row in rows)
    return tuple([value for value in values if not is_empty(value)][:_SAMPLES])


def _tells_apart(rows: Sequence[Row], name: str) -> bool:
    values = [row.get(name) for row in rows]
    if not values or any(is_empty(value) for value in values):
        return False
    return len({repr(value) for value in values}) == len(values)
