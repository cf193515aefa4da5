"""Items as rows of a table, and cells that no spreadsheet takes for a formula.

A scraped text may be written to be run by whoever opens the file: `=HYPERLINK(…)` sends what is in
the neighbouring cells to a stranger. An apostrophe before it makes it text; true numbers need none.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from dashboard import words
from orchestrator.ledger.exports import Columns, ExportItem

SIGHTINGS = ("key", "first_seen_at", "last_seen_at", "changed_at")
#: Where fields go that have no column of their own, as JSON.
REST = "more"
_SIGNS = frozenset("=+-@−")
_BREAKS = ("\t", "\r")
_NO_CHARACTERS = re.compile("[\ufffe\uffff]")


def headings(columns: Columns) -> list[str]:
    """A name for each column; names that are taken already get a number."""
    names: dict[str, None] = dict.fromkeys(SIGHTINGS)
    for field in [*columns.fields, *([] if columns.complete else [REST])]:
        name = clear = words.plain(field).replace("\n", " ")
        number = 2
        while name in names:
            name, number = f"{clear} ({number})", number + 1
        names[name] = None
    return list(names)


def row(item: ExportItem, columns: Columns) -> list[Any]:
    """The values of an item, a cell each, as they are; what has no column goes to the last."""
    data = orjson.loads(item.data)
    times = (item.first_seen_at, item.last_seen_at, item.changed_at)
    values = [data.pop(name, None) for name in columns.fields]
    rest = [] if columns.complete else [orjson.dumps(data).decode() if data else None]
    return [item.key, *(at.astimezone(UTC) for at in times), *values, *rest]


def clock(at: datetime) -> str:
    """As spreadsheets read it; UTC."""
    return at.strftime("%Y-%m-%d %H:%M:%S")


def text(value: Any) -> str:
    """A value as the text of a cell that is safe to open."""
    return safe(words.value(value))


def safe(raw: str) -> str:
    """Without control characters, and marked as text where it would be a formula."""
    clear = _NO_CHARACTERS.sub("", words.plain(raw))
    return f"'{clear}" if raw.startswith(_BREAKS) or _is_formula(clear) else clear


def _is_formula(clear: str) -> bool:
    """By the first letter that is seen: spaces and marks without width are skipped on opening."""
    first = next((letter for letter in clear if not _is_unseen(letter)), "")
    return clear.startswith("\t") or unicodedata.normalize("NFKC", first)[:1] in _SIGNS


def _is_unseen(letter: str) -> bool:
    return letter.isspace() or unicodedata.category(letter) == "Cf"


def safe_headings(columns: Columns) -> Sequence[str]:
    return [safe(name) for name in headings(columns)]
