"""Exports: all items of a view, taken out in batches, and how far each has come.

The ids of the view are noted first, eight bytes each; then the items are read batch by batch, each
in a short transaction of its own. So the export has one order and each item once, however slowly a
reader takes it, and no transaction waits for one.
"""

import uuid
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Text, cast, column, func, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from orchestrator import database
from orchestrator.exceptions import ExportNotFound, Sentence
from orchestrator.ledger import finding
from orchestrator.ledger.browsing import LONGEST_NAME
from orchestrator.ledger.item_views import ItemView
from orchestrator.ledger.models import Export, ScrapedItem

BATCH = 1_000
#: Of a batch; the rest is read next.
_MOST_LETTERS, _AT_ONCE = 4_000_000, 10
_ORDER_MILLISECONDS = 120_000
#: Fields are looked for in so many items; what only others have goes to the last column.
SAMPLE, MOST_FIELDS = 20_000, 500

BROKEN_OFF = Sentence("The download broke off before its end; start it again.")


@dataclass(frozen=True, slots=True)
class ExportItem:
    """An item as it leaves."""

    key: str
    first_seen_at: datetime
    last_seen_at: datetime
    changed_at: datetime
    #: JSON.
    data: str


@dataclass(frozen=True, slots=True)
class Columns:
    """The fields that have a column each; unless complete, some items may have others too."""

    fields: Sequence[str]
    complete: bool


def begin(session: Session, wanted: uuid.UUID, **values: Any) -> uuid.UUID:
    """Writes down that one begins; its id, another than the wanted one if that is in use."""
    row = insert(Export).values(id=wanted, **values).on_conflict_do_nothing().returning(Export.id)
    begun: uuid.UUID | None = session.scalar(row)
    return begun or begin(session, uuid.uuid4(), **values)


def find(session: Session, export_id: uuid.UUID) -> Export:
    """Raises ExportNotFound."""
    export = session.get(Export, export_id)
    if export is None:
        raise ExportNotFound(Sentence("There is no export %(id)s.", id=export_id))
    return export


def end(session: Session, export_id: uuid.UUID, *, items: int, trouble: str | None) -> None:
    """It ended, well or not; what ended before stays as it is."""
    session.execute(
        update(Export)
        .where(Export.id == export_id, Export.ended_at.is_(None))
        .values(items=items, trouble=trouble, ended_at=func.now())
    )


def noted(session: Session, target_id: int, view: ItemView) -> "array[int]":
    """The ids of all items of the view, in its order."""
    limit = func.set_config("statement_timeout", str(_ORDER_MILLISECONDS), True)
    session.execute(select(limit))
    found = session.scalars(
        finding.ids(target_id, view, session), execution_options={"yield_per": 10_000}
    )
    return array("q", found)


def count(session: Session, export_id: uuid.UUID, number: int) -> None:
    """Writes down how many it will be."""
    view = Export.view.op("||")(func.jsonb_build_object("of", number))
    session.execute(update(Export).where(Export.id == export_id).values(view=view))


def columns(session: Session, ids: Sequence[int]) -> Columns:
    """The fields of these items, the most frequent first; of many items those of a sample."""
    step = max(1, len(ids) // SAMPLE)
    some = sorted({*ids[:BATCH], *ids[::step][:SAMPLE]})
    name = func.left(func.jsonb_object_keys(ScrapedItem.data), LONGEST_NAME + 1).label("name")
    each = select(name).where(ScrapedItem.id.in_(_listed(some))).subquery()
    by_number = select(each.c.name).group_by(each.c.name).order_by(func.count().desc(), each.c.name)
    names = session.scalars(by_number.limit(MOST_FIELDS + 1)).all()
    fields = [each for each in names if len(each) <= LONGEST_NAME][:MOST_FIELDS]
    return Columns(fields, complete=step == 1 and fields == names)


def batches(export_id: uuid.UUID, ids: "array[int]") -> Iterator[list[ExportItem]]:
    """The items, in batches of BATCH at the most and few megabytes; the row says how far it is.

    Those deleted meanwhile are missing. Raises DatabaseAway.
    """
    done = 0
    while done < len(ids):
        with database.transaction() as session:
            taken, items = _read(session, ids[done : done + BATCH])
            done += taken
            session.execute(update(Export).where(Export.id == export_id).values(items=done))
        yield items


def _read(session: Session, ids: "array[int]") -> tuple[int, list[ExportItem]]:
    """How many of the ids were read, and their items."""
    listed = (
        func.unnest(literal(list(ids), ARRAY(BigInteger)))
        .table_valued(column("id", BigInteger), with_ordinality="place")
        .render_derived()
    )
    ordered = (
        select(
            ScrapedItem.key,
            ScrapedItem.first_seen_at,
            ScrapedItem.last_seen_at,
            ScrapedItem.changed_at,
            ScrapedItem.data,
            listed.c.place,
        )
        .join(listed, listed.c.id == ScrapedItem.id)
        .order_by(listed.c.place)
        # Sorted before the data is written out, which is what takes the room.
        .offset(0)
        .subquery()
    )
    plain = [each for each in ordered.c if each.name not in ("data", "place")]
    query = select(*plain, cast(ordered.c.data, Text).label("data"), ordered.c.place)
    items, letters, last = [], 0, len(ids)
    rows = session.execute(query, execution_options={"yield_per": _AT_ONCE})
    for row in rows:
        items.append(ExportItem(*row[:5]))
        letters += len(row.data)
        if letters > _MOST_LETTERS:
            last = row.place
            break
    rows.close()
    return last, items


def _listed(ids: Sequence[int]) -> Any:
    return select(func.unnest(literal(list(ids), ARRAY(BigInteger))))
