"""Parquet, with a type for each column, by pyarrow: an extra, since it is as large as all the rest.

The first batch decides the types. A later value that has no place in its column goes, as JSON, to
the last column with the fields that have none.
"""

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from itertools import chain
from tempfile import TemporaryFile
from typing import IO, Any

import orjson

from dashboard.formats import cells
from dashboard.formats.pieces import pieces
from orchestrator.ledger.exports import Columns, ExportItem

_LARGEST_INTEGER = 2**63


def installed() -> bool:
    return find_spec("pyarrow") is not None


def write(batches: Iterator[list[ExportItem]], columns: Columns) -> Iterator[bytes]:
    with TemporaryFile() as file:
        _fill(file, batches, Columns(columns.fields, complete=False))
        yield from pieces(file)


def _fill(file: IO[bytes], batches: Iterator[list[ExportItem]], columns: Columns) -> None:
    # Not needed by those who never ask for such a file, and slow to load.
    import pyarrow
    from pyarrow import parquet

    first = next(batches, [])
    kinds = _kinds(first, columns)
    schema = pyarrow.schema(list(zip(cells.headings(columns), _types(kinds), strict=True)))
    with parquet.ParquetWriter(file, schema) as writer:
        for items in chain([first], batches):
            rows = [_row(item, columns, kinds) for item in items]
            lists = list(zip(*rows, strict=True)) or [()] * len(schema)
            arrays = [pyarrow.array(*pair) for pair in zip(lists, schema.types, strict=True)]
            writer.write_batch(pyarrow.record_batch(arrays, schema=schema))


def _types(kinds: Sequence[type]) -> list[Any]:
    import pyarrow

    types = {
        bool: pyarrow.bool_(),
        int: pyarrow.int64(),
        float: pyarrow.float64(),
        str: pyarrow.string(),
    }
    time = pyarrow.timestamp("us", tz="UTC")
    return [pyarrow.string(), time, time, time, *(types[kind] for kind in kinds), types[str]]


def _kinds(items: Sequence[ExportItem], columns: Columns) -> list[type]:
    """What each field is in the first items; mixed ones, lists and objects are text."""
    seen: dict[str, set[type]] = {name: set() for name in columns.fields}
    for item in items:
        for name, value in orjson.loads(item.data).items():
            if value is not None and name in seen:
                seen[name].add(_kind(value))
    return [_common(seen[name]) for name in columns.fields]


def _kind(value: Any) -> type:
    if isinstance(value, int) and not isinstance(value, bool):
        return int if -_LARGEST_INTEGER <= value < _LARGEST_INTEGER else str
    return type(value) if isinstance(value, (bool, float)) else str


def _common(kinds: set[type]) -> type:
    if kinds == {int, float}:
        return float
    return kinds.pop() if len(kinds) == 1 else str


def _row(item: ExportItem, columns: Columns, kinds: Sequence[type]) -> list[Any]:
    *values, rest = cells.row(item, columns)
    before = len(cells.SIGHTINGS)
    others = {}
    for place, (name, kind) in enumerate(zip(columns.fields, kinds, strict=True), before):
        value = values[place]
        if value is None or (isinstance(value, str) and kind is str):
            continue
        if kind is str:
            values[place] = orjson.dumps(value).decode()
        elif kind is float and _kind(value) is int:
            values[place] = float(value)
        elif _kind(value) is not kind:
            others[name], values[place] = value, None
    if others:
        rest = orjson.dumps(others | (orjson.loads(rest) if rest else {})).decode()
    return [*values, rest]
