"""One item: its fields, and how they changed from job to job.

A revision says what was different before it, so an earlier state is the present one with all
revisions since put over it. The database does that, and compares; it answers with the beginnings of
what differs: an item may be megabytes, and its history many times that.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session, defer

from orchestrator.exceptions import ItemNotFound, Sentence
from orchestrator.ledger.models import ScrapedItem, ScrapingTarget

_MOST_ID = 2**63 - 1
#: Of one item: so many fields, and so many letters of all of them together.
_FIELDS, _LETTERS, _LEAST_LETTERS = 100, 20_000, 200
#: Of one change.
_CHANGE_LIMITS = {"fields": 10, "letters": 100}


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
class Difference:
    """What one job found changed."""

    fields: list[FieldChange] = field(default_factory=list)
    #: Changed fields that are not shown.
    hidden: int = 0


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


def with_key(session: Session, target_id: int, key: str) -> int:
    """The id of the item of a target that has this key. Raises ItemNotFound."""
    found = select(ScrapedItem.id).where(ScrapedItem.target_id == target_id, ScrapedItem.key == key)
    item_id = session.scalar(found)
    if item_id is None:
        raise ItemNotFound(
            Sentence("This target has no item with the key %(key)s.", key=repr(key[:100]))
        )
    return item_id


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


def differences(session: Session, item_id: int, ids: Sequence[int]) -> dict[int, Difference]:
    """What differed before and after each of these revisions of an item."""
    if not ids:
        return {}
    place = {"item": item_id, "oldest": min(ids), "newest": max(ids)}
    return _gathered(ids, session.execute(_DIFFERENCES, _CHANGE_LIMITS | place))


def held(session: Session, job_id: uuid.UUID, item_ids: Sequence[int]) -> dict[int, Difference]:
    """What would differ in each of these items if what is held of the job were accepted."""
    place = {"job": job_id, "items": list(item_ids)}
    return _gathered(item_ids, session.execute(_HELD_DIFFERENCES, _CHANGE_LIMITS | place))


def _gathered(ids: Sequence[int], rows: Iterable[Row[Any]]) -> dict[int, Difference]:
    found = {each: Difference() for each in ids}
    for row in rows:
        if difference := found.get(row.id):
            difference.fields.append(FieldChange(row.name, row.before, row.after))
            difference.hidden = row.number - len(difference.fields)
    return found


def before(session: Session, item_id: int, revision_id: int) -> str | None:
    """All data of an item before that change, as JSON; None when there is no such revision."""
    place = {"item": item_id, "oldest": revision_id, "newest": revision_id}
    data: str | None = session.scalar(_BEFORE, place)
    return data


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

_STATES = """
WITH RECURSIVE page AS (
    SELECT id, data, added, row_number() OVER (ORDER BY id DESC) AS place
    FROM item_revisions WHERE item_id = :item AND id BETWEEN :oldest AND :newest
), whole AS (
    -- The next state after the page that is kept whole, if there is one but the present.
    SELECT id, data FROM item_revisions
    WHERE item_id = :item AND id > :newest AND added IS NULL
    ORDER BY id LIMIT 1
), later AS (
    -- Of what became of a field after the page, what came first.
    SELECT DISTINCT ON (f.name) f.name, f.value
    FROM item_revisions r CROSS JOIN LATERAL (
        SELECT d.name, d.value FROM jsonb_each(r.data) AS d (name, value)
        UNION ALL SELECT unnest(r.added), NULL
    ) AS f
    WHERE r.item_id = :item AND r.id > :newest
      AND (NOT EXISTS (SELECT FROM whole) OR r.id < (SELECT id FROM whole))
    ORDER BY f.name, r.id
), states AS (
    SELECT CAST(0 AS bigint) AS place, CAST(NULL AS bigint) AS id,
           (coalesce((SELECT data FROM whole), i.data) - ARRAY(SELECT name FROM later))
           || coalesce((SELECT jsonb_object_agg(name, value) FROM later WHERE value IS NOT NULL),
                       '{}') AS data
    FROM scraped_items i WHERE i.id = :item
    UNION ALL
    SELECT p.place, p.id,
           CASE WHEN p.added IS NULL THEN p.data ELSE (s.data - p.added) || p.data END
    FROM states s JOIN page p ON p.place = s.place + 1
)
"""

_BEFORE = text(
    f"{_STATES} SELECT data::text FROM states WHERE place = 1"  # noqa: S608  # nothing of others in it
)

# As text, for to jsonb 1 and 1.0 are equal; where two values read the same, as JSON.
_COMPARED = """
    SELECT name,
           left(CASE WHEN same THEN b.value::text ELSE b.value #>> '{{}}' END, :letters) AS before,
           left(CASE WHEN same THEN a.value::text ELSE a.value #>> '{{}}' END, :letters) AS after,
           count(*) OVER () AS number
    FROM jsonb_each({before}) AS b (name, value)
    FULL JOIN jsonb_each({after}) AS a (name, value) USING (name)
    CROSS JOIN LATERAL (
        SELECT (a.value #>> '{{}}') IS NOT DISTINCT FROM (b.value #>> '{{}}') AS same
    ) AS t
    WHERE a.value::text IS DISTINCT FROM b.value::text
    ORDER BY name
    LIMIT :fields
"""

_DIFFERENCES = text(f"""
{_STATES}
SELECT e.id, left(d.name, 200) AS name, d.before, d.after, d.number
FROM states e JOIN states l ON l.place = e.place - 1
CROSS JOIN LATERAL ({_COMPARED.format(before="e.data", after="l.data")}) AS d
ORDER BY e.id DESC, d.name
""")  # noqa: S608  # nothing of others in it

_HELD_DIFFERENCES = text(f"""
SELECT h.id, left(d.name, 200) AS name, d.before, d.after, d.number
FROM (
    SELECT item_id AS id, data AS later,
           CASE WHEN added IS NULL THEN earlier ELSE (data - added) || earlier END AS earlier
    FROM held_items
    WHERE job_id = :job AND item_id = ANY(:items) AND earlier IS NOT NULL
) AS h
CROSS JOIN LATERAL ({_COMPARED.format(before="h.earlier", after="h.later")}) AS d
ORDER BY h.id, d.name
""")  # noqa: S608  # nothing of others in it
