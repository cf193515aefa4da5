"""A download on its way to somebody's browser, and how it ends.

The server closes what it sends, whoever broke it off; so every export ends in the table too.
"""

from array import array
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from flask import Response
from flask_login import current_user

from dashboard import audit
from dashboard.formats import Format
from orchestrator import database
from orchestrator.ledger import exports
from orchestrator.ledger.exports import Columns, ExportItem
from orchestrator.ledger.item_views import ItemView
from orchestrator.ledger.models import ScrapingTarget


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


def answer(
    target: ScrapingTarget,
    view: ItemView,
    kind: Format,
    *,
    wanted_id: UUID,
    asked: Mapping[str, Any],
) -> Response:
    """The items of a view as a file on its way; who took them is written down.

    `asked` is the view as somebody asked for it, for the record.
    """
    with database.transaction() as session:
        export_id = exports.begin(
            session,
            wanted_id,
            target_id=target.id,
            who=current_user.name,
            format=kind.name,
            view=asked,
        )
    download = Download.begun(export_id, target.id, view, kind)
    audit.note("export.take", target.name, format=kind.name, items=download.number)
    sent = Response(download, mimetype=kind.mimetype)
    sent.headers["Content-Disposition"] = disposition(target, kind)
    sent.call_on_close(download.close)
    return sent


def disposition(target: ScrapingTarget, kind: Format) -> str:
    return f'attachment; filename="{target.name}.{kind.suffix}"'


def _end(export_id: UUID, items: int, *, complete: bool) -> None:
    with database.transaction() as session:
        exports.end(
            session, export_id, items=items, trouble=None if complete else exports.BROKEN_OFF
        )
