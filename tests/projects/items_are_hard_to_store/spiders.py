"""Spiders of items that no database likes, each beside some that are fine."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import Any

import scrapy
from scrapy.http import Response


def deep(levels: int) -> Any:
    """A list in a list in a list …"""
    nested: Any = []
    for _ in range(levels):
        nested = [nested]
    return nested


class HardItemsSpider(scrapy.Spider):
    """Yields one of each kind."""

    name = "hard_items"

    def parse(self, response: Response) -> Iterator[dict[str, Any]]:
        for name, value in {
            "nul": "a\0b",
            "surrogate": json.loads('"a\\ud800b"'),
            "nan": float("nan"),
            "infinity": [float("inf"), {"deep": float("-inf")}],
            "deep": deep(20_000),
            "large": "x" * 10_000_000,
            "long_integer": 2**70,
            "decimal": Decimal("12.50"),
            "time": datetime(2026, 11, 22, tzinfo=UTC),
            "set": {"b", "a"},
            "object": object(),
        }.items():
            yield {"key": f"before {name}", "value": 1}
            yield {"key": name, "value": value}
            yield {"key": f"after {name}", "value": 1}
        yield {"key": "", "value": "empty"}
        yield {"value": "without a key"}
        yield {"key": None, "value": "no key"}
        yield {"key": "a" * 5_000, "value": "a long key"}
        yield {"key": "nul in the \0 key", "value": 1, "na\0me": 1}
        yield {"key": "the last", "value": 1}


class Kind(Enum):
    """An enum that JSON knows by itself, with a value that Postgres does not."""

    ODD = "a\0b"


@dataclass
class Offer:
    """Likewise, within an item."""

    name: str


class Size(float):
    """A number as data frames have them."""


class Unspeakable:
    """Raises whatever it is asked for."""

    def __repr__(self) -> str:
        raise RuntimeError("no words")


class Unreadable(Mapping[str, Any]):
    """A mapping that cannot be read."""

    def __getitem__(self, name: str) -> Any:
        raise RuntimeError("nothing here")

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError("nothing here")

    def __len__(self) -> int:
        return 1


class HarderItemsSpider(scrapy.Spider):
    """Yields one of each kind on one page, so that they share a batch with their neighbours."""

    name = "harder_items"

    def parse(self, response: Response) -> Iterator[dict[str, Any]]:
        circle: list[Any] = []
        circle.append(circle)
        kinds: dict[str, Any] = {
            "nul": "a\0b",
            "surrogate": json.loads('"a\\ud800b"'),
            "nan": float("nan"),
            "deep": deep(20_000),
            "large": "x" * 10_000_000,
            "large and wide": "雲" * 3_000_000,
            "circle": circle,
            "enum": [Kind.ODD],
            "offers": [{"offer": Offer("a\0b")}, MappingProxyType({"x": Offer("a\0b")})],
            "size": Size(1.5),
            "numbers as names": {1: "one", "1": "uno", None: "none"},
            "names alike": {"a\0": 1, "a\ufffd": 2},
            "generator": (each for each in "abc"),
            "unspeakable": Unspeakable(),
            "unreadable": Unreadable(),
            "bytes": b"\x00\xff",
            "huge number": 1 << 100_000,
            "day": date(2026, 11, 22),
        }
        for name, value in kinds.items():
            yield {"key": name, "value": value}
            yield {"key": f"after {name}", "value": 1}
