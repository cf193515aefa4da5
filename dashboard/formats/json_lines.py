"""JSON Lines: an item a line, its data exactly as it is stored. For programs, so nothing is cut."""

from collections.abc import Iterator

import orjson

from orchestrator.ledger.exports import Columns, ExportItem


def write(batches: Iterator[list[ExportItem]], columns: Columns) -> Iterator[bytes]:
    for items in batches:
        yield b"".join(map(_line, items))


def _line(item: ExportItem) -> bytes:
    told = {
        "key": item.key,
        "first_seen_at": item.first_seen_at,
        "last_seen_at": item.last_seen_at,
        "changed_at": item.changed_at,
        "data": orjson.Fragment(item.data),
    }
    return orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)
