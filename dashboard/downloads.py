"""A download on its way to somebody's browser, and how it ends.

The server closes what it sends, whoever broke it off; so every export ends in the table too.
"""

from array import array
from collections.abc import Iterator
from uuid import UUID

from dashboard.formats import Format
from orchestrator import database
from orchestrator.ledger import exports
from orchestrator.ledger.exports import Columns, ExportItem
from orchestrator.ledger.item_views import ItemView


class Download:
    """The items of a view in one format, a piece at a time."""

    def __init__(self, export_id: UUID, ids: "array[int]", columns: Columns, kind: Format) -> None:
        self._export_id = export_id
        self._ids = ids
        self._columns = columns
        self._kind = kind
        self._items = 0
        self._complete = False

    @classmethod
    def begun(cls, export_id: UUID, target_id: int, view: ItemView, kind: Format) -> "Download":
        """Notes which items it will be. When that fails the export has ended."""
        try:
            with database.transaction() as session:
                ids = exports.noted(session, target_id, view)
                columns = exports.columns(session, ids)
                exports.count(session, export_id, len(ids))
        except BaseException:
            _end(export_id, 0, complete=False)
            raise
        return cls(export_id, ids, columns, kind)

    @property
    def number(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[bytes]:
        yield from self._kind.write(self._batches(), self._columns)
        self._complete = True

    def close(self) -> None:
        _end(self._export_id, self._items, complete=self._complete)

    def _batches(self) -> Iterator[list[ExportItem]]:
        for items in exports.batches(self._export_id, self._ids):
            yield items
            self._items += len(items)


def _end(export_id: UUID, items: int, *, complete: bool) -> None:
    with database.transaction() as session:
        exports.end(
            session, export_id, items=items, trouble=None if complete else exports.BROKEN_OFF
        )
