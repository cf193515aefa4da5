"""Changes as CSV: a line for each field that changed, and for each item that came or went."""

from collections.abc import Iterator

from dashboard.formats import cells, comma_separated
from orchestrator.ledger import changes
from orchestrator.ledger.changes import Change
from orchestrator.ledger.filters import ChangeFilter
from orchestrator.ledger.revisions import FieldChange

_HEADINGS = ("at", "target", "kind", "key", "name", "field", "before", "after", "item", "job")
_NO_FIELD = FieldChange("", None, None)


def write(which: ChangeFilter) -> Iterator[bytes]:
    """Pieces of a file with the newest that fit."""
    yield comma_separated.MARK + comma_separated.lines([_HEADINGS])
    for batch in changes.batches(which):
        yield comma_separated.lines(row for change in batch for row in _rows(change))


def _rows(change: Change) -> Iterator[list[str]]:
    fields = change.difference.fields if change.difference else []
    for field in fields or [_NO_FIELD]:
        texts = (
            change.target.name,
            change.kind.value,
            change.key,
            change.title,
            field.name,
            field.before or "",
            field.after or "",
        )
        ids = (str(change.item_id), str(change.job_id))
        yield [cells.clock(change.place.at), *map(cells.text, texts), *ids]
