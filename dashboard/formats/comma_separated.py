"""CSV as Excel reads it: with a byte order mark, or it would take Japanese for something else."""

import csv
from collections.abc import Iterator
from datetime import datetime
from io import StringIO
from typing import Any

from dashboard.formats import cells
from orchestrator.ledger.exports import Columns, ExportItem


def write(batches: Iterator[list[ExportItem]], columns: Columns) -> Iterator[bytes]:
    yield b"\xef\xbb\xbf" + _lines([cells.safe_headings(columns)])
    for items in batches:
        yield _lines([_cell(value) for value in cells.row(item, columns)] for item in items)


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return cells.clock(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return repr(value)
    return cells.text(value)


def _lines(rows: Any) -> bytes:
    page = StringIO(newline="")
    csv.writer(page).writerows(rows)
    return page.getvalue().encode()
