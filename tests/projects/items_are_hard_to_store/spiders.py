"""A spider of items that no database likes, each between two that are fine."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
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
