"""One item: its fields, and how they changed from job to job.

Neighbouring revisions are compared by the database, which answers with the beginnings of what
differs: an item may be megabytes, and its history many times that.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session, defer

from orchestrator.exceptions import ItemNotFound, Sentence
from orchestrator.ledger.models import ScrapedItem, ScrapingTarget

_MOST_ID = 2**63 - 1
#: Of one item: so many fields, and so many letters of all of them together.
_FIELDS, _LETTERS, _LEAST_LETTERS = 100, 20_000, 200
#: Of one change.
_CHANGED_FIELDS, _CHANGED_LETTERS = 10, 100


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an item, or the beginning of a long one."""

    name: str
    #: As JSON when it fits, else as text.
    value: Any
    #: Letters that are not shown.
    hidden: int


@dataclass(frozen=True, slots=True)
class FieldChange:
    """What a field was, and what it became; None: it was not there."""

    name: str
    before: str | None
    after: str | None


@dataclass(slots=True)
class Change:
    """What one job found changed."""

    id: int
    #: None when the job is gone by now.
    job_id: uuid.UUID | None
    at: datetime
    fields: list[FieldChange] = field(default_factory=list)
    #: Changed fields that are not shown.
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class History:
    """Changes of an item, the newest first, and where older ones begin."""

    changes: Sequence[Change]
    older: int | None


def one(session: Session, item_id: int) -> tuple[ScrapedItem, ScrapingTarget]:
    """An item without its data, and its target, deleted or not. Raises ItemNotFound."""
    row = session.execute(
        select(ScrapedItem, ScrapingTarget)
        .join(ScrapingTarget, ScrapingTarget.id == ScrapedItem.target_id)
        .where(ScrapedItem.id == min(item_id, _MOST_ID))
        .options(defer(ScrapedItem.data, raiseload=True))
    ).one_or_none()
    if row is None:
        raise ItemNotFound(Sentence("There is no item %(id)s.", id=str(item_id)[:20]))
    return row[0], row[1]


def fields(session: Session, item_id: int) -> tuple[list[Field], int]:
    """Its first fields, and how many more it has."""
    rows = session.execute(_FIELDS_OF, _FIELD_LIMITS | {"item": item_id}).all()
    shown = [Field(row.name, row.value, row.hidden) for row in rows]
    return shown, (rows[0].number - len(rows) if rows else 0)


def whole(session: Session, item_id: int) -> str:
    """All its data as JSON. Raises ItemNotFound."""
    query = text("SELECT data::text FROM scraped_items WHERE id = :item")
    data: str | None = session.scalar(query, {"item": min(item_id, _MOST_ID)})
    if data is None:
        raise ItemNotFound(Sentence("There is no item %(id)s.", id=str(item_id)[:20]))
    return data


def history(
    session: Session, item_id: int, *, before: int | None = None, size: int = 10
) -> History:
    """Its changes, without `before` the newest; each as the fields that differ."""
    limits = {"fields": _CHANGED_FIELDS, "letters": _CHANGED_LETTERS}
    place = {"item": item_id, "before": before or _MOST_ID, "most": size + 1}
    changes: dict[int, Change] = {}
    for row in session.execute(_CHANGES_OF, limits | place):
        change = changes.setdefault(row.id, Change(row.id, row.job_id, row.replaced_at))
        if row.name is not None:
            change.fields.append(_field_change(row))
            change.hidden = row.number - len(change.fields)
    found = list(changes.values())
    return History(found[:size], found[size - 1].id if len(found) > size else None)


def _field_change(row: Row[Any]) -> FieldChange:
    return FieldChange(row.name, row.before, row.after)


_FIELD_LIMITS = {"fields": _FIELDS, "letters": _LETTERS, "least": _LEAST_LETTERS}
_FIELDS_OF = text("""
SELECT left(f.name, 200) AS name,
       CASE WHEN length(f.text) > f.most THEN to_jsonb(left(f.text, f.most)) ELSE f.value END
           AS value,
       greatest(length(f.text) - f.most, 0) AS hidden,
       f.number
FROM (
    SELECT e.name, e.value, e.value #>> '{}' AS text, e.place, count(*) OVER () AS number,
           greatest(:letters / least(count(*) OVER (), :fields), :least)::int AS most
    FROM scraped_items i, jsonb_each(i.data) WITH ORDINALITY AS e (name, value, place)
    WHERE i.id = :item
    ORDER BY e.place
    LIMIT :fields
) AS f
ORDER BY f.place
""")

_CHANGES_OF = text("""
WITH known AS (
    SELECT id, job_id, replaced_at, lag(id) OVER (ORDER BY id DESC) AS next_id
    FROM item_revisions WHERE item_id = :item
), page AS (
    SELECT * FROM known WHERE id < :before ORDER BY id DESC LIMIT :most
)
SELECT p.id, p.job_id, p.replaced_at, left(d.name, 200) AS name, d.before, d.after, d.number
FROM page p
JOIN item_revisions r ON r.id = p.id
LEFT JOIN item_revisions n ON n.id = p.next_id
JOIN scraped_items i ON i.id = :item
LEFT JOIN LATERAL (
    SELECT name, left(b.value #>> '{}', :letters) AS before,
           left(a.value #>> '{}', :letters) AS after, count(*) OVER () AS number
    FROM jsonb_each(r.data) AS b (name, value)
    FULL JOIN jsonb_each(coalesce(n.data, i.data)) AS a (name, value) USING (name)
    WHERE a.value IS DISTINCT FROM b.value
    ORDER BY name
    LIMIT :fields
) AS d ON true
ORDER BY p.id DESC, d.name
""")
