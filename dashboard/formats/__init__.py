"""The formats that items are exported in, a file each.

Each takes batches of items and gives pieces of a file, and never holds more than a batch.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dashboard.formats import comma_separated, excel, json_lines, parquet
from orchestrator.exceptions import Invalid, Sentence
from orchestrator.ledger.exports import Columns, ExportItem

Write = Callable[[Iterator[list[ExportItem]], Columns], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file."""

    name: str
    #: As people call it.
    label: str
    suffix: str
    mimetype: str
    write: Write
    #: The extra that it needs and that is not installed.
    lacks: str | None = None


ALL = (
    Format("csv", "CSV", "csv", "text/csv", comma_separated.write),
    Format("jsonl", "JSON Lines", "jsonl", "application/x-ndjson", json_lines.write),
    Format(
        "xlsx",
        "Excel",
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        excel.write,
    ),
    Format(
        "parquet",
        "Parquet",
        "parquet",
        "application/vnd.apache.parquet",
        parquet.write,
        lacks=None if parquet.installed() else "parquet",
    ),
)


def named(name: str) -> Format:
    """Raises Invalid, also when what it needs is not installed."""
    for each in ALL:
        if each.name == name and each.lacks is None:
            return each
        if each.name == name:
            raise Invalid(
                Sentence(
                    "%(format)s needs the extra %(extra)s: pip install 'kumo[%(extra)s]'.",
                    format=each.label,
                    extra=each.lacks,
                )
            )
    raise Invalid(Sentence("Items are not exported as %(format)s.", format=repr(name[:40])))
