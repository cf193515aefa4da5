"""The numbers of an item over time, such as its price.

A number that a site writes as text counts as one. Values stay what they are, as text: what is drawn
may be rounded, what is told must not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from orchestrator.ledger import lexemes

_MOST_TRENDS, _MOST_FIELDS, _MOST_REVISIONS = 6, 20, 400
#: Longer text is no number.
_LONGEST = 60


@dataclass(slots=True)
class Trend:
    """A field and its values, the oldest first: since when, and what; None: no number then."""

    name: str
    values: list[tuple[datetime, str | None]] = field(default_factory=list)

    def add(self, since: datetime, value: str | None) -> None:
        if not self.values or self.values[-1][1] != value:
            self.values.append((since, value))


def of_item(session: Session, item_id: int) -> Sequence[Trend]:
    """Those of its numbers that changed, the liveliest first."""
    limits = {"most": _MOST_REVISIONS, "fields": _MOST_FIELDS, "longest": _LONGEST}
    rows = session.execute(_VALUES, limits | {"item": item_id, "number": lexemes.NUMBER})
    changed = [each for each in _trends(rows) if len(each.values) > 1]
    return sorted(changed, key=lambda each: (-len(each.values), each.name))[:_MOST_TRENDS]


def _trends(rows: Iterable[Row[Any]]) -> list[Trend]:
    trends: dict[str, Trend] = {}
    until: dict[str, datetime] = {}
    for row in rows:
        trend = trends.setdefault(row.name, Trend(row.name))
        trend.add(until.get(row.name, row.began_at), row.value)
        until[row.name] = row.replaced_at
    return list(trends.values())


_VALUES = text("""
WITH fields AS (
    SELECT f.name, f.value #>> '{}' AS value
    FROM scraped_items i CROSS JOIN LATERAL jsonb_each(i.data) AS f (name, value)
    WHERE i.id = :item AND length(f.name) <= 200 AND jsonb_typeof(f.value) IN ('number', 'string')
      AND left(f.value #>> '{}', :longest) ~ :number
    LIMIT :fields
), kept AS (
    SELECT * FROM item_revisions WHERE item_id = :item ORDER BY id DESC LIMIT :most
), began AS (
    SELECT coalesce((SELECT began_at FROM kept ORDER BY id LIMIT 1), first_seen_at) AS at
    FROM scraped_items WHERE id = :item
)
SELECT v.name, began.at AS began_at, v.replaced_at,
       CASE WHEN left(v.value, :longest) ~ :number THEN left(v.value, :longest) END AS value
FROM (
    SELECT f.name, k.id, k.replaced_at, k.data ->> f.name AS value
    FROM fields f
    JOIN kept k ON k.added IS NULL OR jsonb_exists(k.data, f.name) OR f.name = ANY (k.added)
    UNION ALL
    SELECT name, NULL, NULL, value FROM fields
) AS v CROSS JOIN began
ORDER BY v.name, v.id NULLS LAST
""")
