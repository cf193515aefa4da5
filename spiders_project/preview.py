"""What a recipe reads from a page, as a table that a person looks at.

Numbers are of all rows, the table shows the first of them. A cell is marked where nothing was
found, and where what was found is of another kind than nearly all of its column.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from orchestrator.ledger.items import clean_text, repaired
from spiders_project.extraction import Extracted, Fault, Row
from spiders_project.extraction.extracted import is_empty

MOST_ROWS, _MOST_COLUMNS, _MOST_FAULTS = 20, 100, 20
_LONGEST_CELL, _LONGEST_NAME, _LONGEST_ADDRESS = 300, 200, 2_000
_MOST_SAMPLES, _LONGEST_SAMPLE = 3, 80
#: So many of a column's values are of one kind, or it has none.
_AGREEING = 0.8

Json = dict[str, Any]


def of(extracted: Extracted) -> Json:
    """The table as JSON."""
    names = _names(extracted.rows)
    kinds = {name: _kind_of_column([row.get(name) for row in extracted.rows]) for name in names}
    faults = {(fault.row, fault.field): fault.sentence for fault in extracted.faults}
    onward = [link.url for link in extracted.links if link.kind == "next"]
    return {
        "columns": [{"name": _cut(name, _LONGEST_NAME), "filled": _filled(extracted, name)}
                    for name in names],
        "rows": [
            [_cell(row.get(name), kinds[name], faults.get((number, name))) for name in names]
            for number, row in enumerate(extracted.rows[:MOST_ROWS])
        ],
        "count": len(extracted.rows),
        "next": _cut(onward[0], _LONGEST_ADDRESS) if onward else None,
        "follow": len(extracted.links) - len(onward),
        "faults": _sentences(extracted.faults),
    }  # fmt: skip


def sample(rows: Sequence[Row]) -> list[Json]:
    """The first rows as texts, for a proposal."""
    return [
        {_cut(name, _LONGEST_NAME): _cut(written(row.get(name)), _LONGEST_SAMPLE)
         for name in list(row)[:_MOST_COLUMNS] if not is_empty(row.get(name))}
        for row in rows[:_MOST_SAMPLES]
    ]  # fmt: skip


def _names(rows: Sequence[Row]) -> list[str]:
    """All fields, in the order in which they first appear."""
    return list(dict.fromkeys(name for row in rows for name in row))[:_MOST_COLUMNS]


def _filled(extracted: Extracted, name: str) -> int:
    return sum(not is_empty(row.get(name)) for row in extracted.rows)


def _kind(value: Any) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return "number"
    return {str: "text", list: "list", dict: "group", bool: "truth"}.get(type(value), "other")


def _kind_of_column(values: Sequence[Any]) -> str | None:
    kinds = Counter(_kind(value) for value in values if not is_empty(value))
    if not kinds:
        return None
    kind, number = kinds.most_common(1)[0]
    return kind if number >= _AGREEING * kinds.total() else None


def _cell(value: Any, kind: str | None, fault: str | None) -> Mapping[str, str]:
    if is_empty(value):
        return {"text": "", "state": "empty"}
    text = _cut(written(value), _LONGEST_CELL)
    if fault is not None:
        return {"text": text, "state": "odd", "why": fault[:_LONGEST_CELL]}
    return {"text": text, "state": "odd" if kind and _kind(value) != kind else "fine"}


def written(value: Any) -> str:
    """A value as one text."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    try:
        return orjson.dumps(repaired(value)).decode()
    except (TypeError, RecursionError):
        return repr(value)[:_LONGEST_CELL]


def _cut(text: str, most: int) -> str:
    return clean_text(text if len(text) <= most else f"{text[:most]}…")


def _sentences(faults: Sequence[Fault]) -> list[str]:
    """Of the page as a whole; those of a cell stand in it."""
    said = dict.fromkeys(clean_text(fault.sentence)[:500] for fault in faults if fault.row is None)
    return list(said)[:_MOST_FAULTS]
