"""The words an item is found by, and what a person types as a query of them.

Each lexeme begins with its target's id, so that a search reads one target's words only: `7:stool`
is a word of target 7, `7=colour=red` a field of it with its whole value. Japanese and its
neighbours write no spaces, so a run of them becomes its pairs of letters; the last letter of a run
stands alone too, so that one letter is found wherever it is.
"""

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any
from unicodedata import normalize

_SPACELESS = (
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUNS = re.compile(f"([{_SPACELESS}]+)|[^\\W_{_SPACELESS}]+")
#: As people and JSON write numbers; a leading zero makes it a code.
NUMBER = r"^-?(0|[1-9][0-9]{0,29})(\.[0-9]{1,20})?$"
_NUMBER = re.compile(NUMBER[:-1] + r"\Z")

#: A longer word or value is found by its beginning.
_LONGEST = 100
_MOST_WORDS, _MOST_VALUES, _MOST_TEXTS = 500, 200, 10_000
_LONGEST_TEXT, _MOST_SOUGHT = 20_000, 20


def of_item(target_id: int, data: Mapping[str, Any]) -> list[str]:
    """At most 700 of them; short values come first, so that a long text leaves room for a name."""
    known: dict[str, None] = {}
    for text in sorted(islice(_texts(data), _MOST_TEXTS), key=len):
        known |= dict.fromkeys(words(text))
        if len(known) >= _MOST_WORDS:
            break
    values = (
        _value(target_id, field, text) for field, value in data.items() if (text := _scalar(value))
    )
    found = [f"{target_id}:{word}" for word in islice(known, _MOST_WORDS)]
    return [*found, *islice(dict.fromkeys(values), _MOST_VALUES)]


def query(target_id: int, text: str, values: Sequence[tuple[str, str]] = ()) -> str | None:
    """The text of a `tsquery` for items with all words of `text` and all these values of fields.

    The last word may be the beginning of one. None when there is nothing to look for.
    """
    parts = [
        _quoted(f"{target_id}:{word}") + (":*" if begins else "")
        for word, begins in islice(_sought(text), _MOST_SOUGHT)
    ]
    parts += [_quoted(_value(target_id, field, value)) for field, value in values]
    return " & ".join(parts) or None


def number(text: str) -> Decimal | None:
    """The number that a text is, if it is one."""
    return Decimal(text) if _NUMBER.match(text) else None


def _texts(data: Mapping[str, Any]) -> Iterator[str]:
    """Every value that can be read, the outer ones first; never by recursion, data may be deep."""
    waiting: deque[Any] = deque([data])
    while waiting:
        value = waiting.popleft()
        if isinstance(value, Mapping):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        elif not isinstance(value, bool) and (text := _scalar(value)):
            yield text[:_LONGEST_TEXT]


def _scalar(value: Any) -> str:
    """As Postgres writes it by `->>`; empty when it is nothing or no single value."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(Decimal(repr(value)), "f") if isinstance(value, (int, float)) else ""


def _value(target_id: int, field: str, text: str) -> str:
    """Equal for equal numbers, however they are written."""
    if (known := number(text)) is not None:
        text = format(known.normalize(), "f")
    return f"{target_id}={field[:_LONGEST]}={text[:_LONGEST]}"


def words(text: str) -> Iterator[str]:
    """The words in a text, and pairs of letters where it has no spaces."""
    for run in _runs(text):
        if run[1]:
            yield from _pairs(run[0])
            yield run[0][-1]
        else:
            yield run[0][:_LONGEST]


def _sought(text: str) -> Iterator[tuple[str, bool]]:
    """The words of a query, and of each whether it is only the beginning of one."""
    runs = list(_runs(text))
    for run in runs:
        if run[1] and len(run[0]) > 1:
            yield from ((pair, False) for pair in _pairs(run[0]))
        else:
            yield run[0][:_LONGEST], bool(run[1]) or run is runs[-1]


def _runs(text: str) -> Iterator[re.Match[str]]:
    return _RUNS.finditer(normalize("NFKC", text).casefold())


def _pairs(run: str) -> Iterator[str]:
    return (run[at : at + 2] for at in range(len(run) - 1))


def _quoted(lexeme: str) -> str:
    doubled = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"
