"""XLSX, written row by row into a temporary file: such a file can only be sent when it is done."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from tempfile import TemporaryFile
from typing import IO, Any

import xlsxwriter

from dashboard.formats import cells
from dashboard.formats.pieces import pieces
from orchestrator.ledger.exports import Columns, ExportItem

#: What a sheet and a cell can hold, as Excel has it; its letters are UTF-16's.
MOST_ROWS, MOST_LETTERS = 1_048_576, 32_767
_CUT = " … (cut)"
#: Larger whole numbers lose digits in a spreadsheet.
_EXACT = 2**53
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "remove_timezone": True,
    "default_date_format": "yyyy-mm-dd hh:mm:ss",
}


def write(batches: Iterator[list[ExportItem]], columns: Columns) -> Iterator[bytes]:
    with TemporaryFile() as file:
        _fill(file, batches, columns)
        yield from pieces(file)


def _fill(file: IO[bytes], batches: Iterator[list[ExportItem]], columns: Columns) -> None:
    # Closed on an error too: it would leave temporary files of its own behind.
    with xlsxwriter.Workbook(file, _OPTIONS) as book:
        headings = cells.safe_headings(columns)
        bold = book.add_format({"bold": True})
        sheet, line = None, MOST_ROWS
        for items in batches:
            for item in items:
                if line == MOST_ROWS:
                    sheet, line = _sheet(book, headings, bold), 1
                _write_row(sheet, line, cells.row(item, columns))
                line += 1
        if sheet is None:
            _sheet(book, headings, bold)


def _sheet(book: Any, headings: Sequence[str], bold: Any) -> Any:
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    sheet.set_column(1, 3, 18)
    for place, heading in enumerate(headings):
        sheet.write_string(0, place, heading, bold)
    return sheet


def _write_row(sheet: Any, line: int, values: Sequence[Any]) -> None:
    for place, value in enumerate(values):
        if value is None:
            continue
        if isinstance(value, bool):
            sheet.write_boolean(line, place, value)
        elif isinstance(value, datetime):
            sheet.write_datetime(line, place, value)
        elif isinstance(value, float) or (isinstance(value, int) and abs(value) <= _EXACT):
            sheet.write_number(line, place, value)
        else:
            sheet.write_string(line, place, _fitting(cells.text(value)))


def _fitting(text: str) -> str:
    if len(text) * 2 <= MOST_LETTERS:
        return text
    units = text.encode("utf-16-le")
    if len(units) // 2 <= MOST_LETTERS:
        return text
    # A pair that the cut has parted is left out whole.
    kept = units[: 2 * (MOST_LETTERS - len(_CUT))].decode("utf-16-le", errors="ignore")
    return kept + _CUT
