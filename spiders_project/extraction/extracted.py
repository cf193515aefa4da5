"""What a page gives: rows, links that lead on, and what was not as the recipe has it."""

from dataclasses import dataclass, field
from typing import Any, Literal

#: Of one page; what is beyond is a fault, not an endless answer.
MOST_ROWS = 10_000
MOST_LINKS = 50_000

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Link:
    """An absolute address that the crawl goes on to, and why."""

    url: str
    kind: Literal["follow", "next", "sitemap"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is missing or odd, in a sentence; of which row and field, when it is of one."""

    sentence: str
    row: int | None = None
    field: str | None = None


@dataclass(slots=True)
class Extracted:
    """All of it, in the order of the page."""

    rows: list[Row] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def add(self, found: Row, required: frozenset[str]) -> None:
        """One more row, unless it is empty or lacks what it must have."""
        if len(self.rows) == MOST_ROWS:
            self._say_once(Fault(f"The page has more than {MOST_ROWS:,} items; the rest is left."))
            return
        if all(is_empty(value) for value in found.values()):
            return
        missing = next((name for name in required if is_empty(found.get(name))), None)
        if missing is not None:
            sentence = f"An item without its required field {missing} is left out."
            self._say_once(Fault(sentence, field=missing))
            return
        self.rows.append(found)

    def _say_once(self, fault: Fault) -> None:
        if fault not in self.faults:
            self.faults.append(fault)


def is_empty(value: Any) -> bool:
    return value is None or value in ("", [])
