"""CSV as Excel reads it: with a byte order mark, or it would take Japanese for something else."""

import csv
from collections.abc import Iterator
from datetime import datetime
from io import StringIO
from typing import Any

from dashboard.formats import cells
from orchestrator.ledger.exports import Columns, ExportItem

#: What tells Excel that it is UTF-8.
MARK = b"\xef\xbb\xbf"


def write(batches: Iterator[list[ExportItem]], columns: Columns) -> Iterator[bytes]:
    yield MARK + lines([cells.safe_headings(columns)])
    for items in batches:
        yield lines([_cell(value) for value in cells.row(item, columns)] for item in items)


def lines(rows: Any) -> bytes:
    page = StringIO(newline="")
    csv.writer(page).writerows(rows)
    return page.getvalue().encode()


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return cells.clock(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return repr(value)
    return cells.text(value)
