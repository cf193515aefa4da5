"""Numbers and scraped text as people read them: the filters of the templates.

Scraped text is a stranger's: terminal codes and control characters are taken out here, markup is
escaped by the templates.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from flask_babel import gettext

from orchestrator.ledger.browsing import ItemRow
from orchestrator.ledger.items import NAMING
from orchestrator.ledger.secrecy import is_secret

#: Terminal colours and the like, then every control character that is no line break or tab, and
#: the marks that turn the reading direction of what follows them: <bdi> finds a text's own.
_TERMINAL_CODES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
#: More marks on one letter than any language has; they would draw over what stands above.
_MARKS = r"[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]"
_FLOOD = re.compile(f"({_MARKS}{{6}}){_MARKS}+")
#: Fields that take much room to say little.
_LAST = ("url", "description")
_WEB_ADDRESS = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)


def number(value: int) -> str:
    """1234567 as 1,234,567."""
    return f"{value:,}"


def size(value: int) -> str:
    """Bytes in the largest unit that keeps them above one."""
    amount = float(value)
    if amount < 1_000:
        return str(gettext("%(count)s bytes", count=value))
    amount /= 1_000
    for unit in ("kB", "MB", "GB"):
        if amount < 1_000:
            return f"{amount:.1f} {unit}"
        amount /= 1_000
    return f"{amount:,.1f} TB"


def plain(text: Any) -> str:
    """Text without terminal codes, control characters and floods of marks."""
    # Most lines of a log, and there are ten thousand of them.
    if isinstance(text, str) and text.isascii() and text.isprintable():
        return text
    return _FLOOD.sub(r"\1", _CONTROLS.sub("", _TERMINAL_CODES.sub("", str(text))))


def capital(text: str) -> str:
    """With a large first letter; the others as they are."""
    return text[:1].upper() + text[1:]


def first_line(text: str) -> str:
    return plain(text).strip().partition("\n")[0]


def other_lines(text: str) -> str:
    return plain(text).strip().partition("\n")[2].strip("\n")


def value(scraped: Any) -> str:
    """A field of an item as one text."""
    if scraped is None:
        return ""
    if isinstance(scraped, str):
        return plain(scraped)
    if isinstance(scraped, list) and all(isinstance(each, str) for each in scraped):
        return plain(", ".join(scraped))
    # Not by orjson: a number may be larger than 64 bits, as Postgres writes out a long float.
    return plain(json.dumps(scraped, ensure_ascii=False, separators=(",", ":")))


def is_link(text: str) -> bool:
    """Whether it may be shown as a link: http and https only."""
    return bool(_WEB_ADDRESS.fullmatch(text))


def item_columns(items: Sequence[ItemRow], most: int = 8) -> list[str]:
    """The fields to show of some items: those most of them have, what names a thing first."""
    counts = Counter(name for item in items for name in item.data or ())
    return in_reading_order([name for name, _ in counts.most_common(most)])


def in_reading_order(names: Iterable[str]) -> list[str]:
    """What names a thing first, what takes much room to say little last."""
    return sorted(names, key=lambda name: (name not in NAMING, name in _LAST))


FILTERS: dict[str, Callable[..., Any]] = {
    each.__name__: each
    for each in (
        number, size, plain, capital, first_line, other_lines, value, is_link,
        is_secret, item_columns, in_reading_order,
    )
}  # fmt: skip
