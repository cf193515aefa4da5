"""Sifting: which of some changes a filter means, where that is a question of what changed.

It is asked in the database, for so many changes at a time as a page can wait for. What a field
became is told by the next later change that has it, else by the item as it is.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from orchestrator.ledger import lexemes
from orchestrator.ledger.filters import ChangeFilter
from orchestrator.ledger.models import ChangeKind
from orchestrator.ledger.walks import Step

#: Longer text is no number.
_LONGEST_NUMBER = 60
_WILD = str.maketrans({"\\": r"\\", "%": r"\%", "_": r"\_"})


def fitting(session: Session, steps: Sequence[Step], which: ChangeFilter) -> list[Step]:
    """Those that fit, in their order."""
    if not which.looks_inside:
        return list(steps)
    if which.field:
        ids = [step.place.id for step in steps if step.kind is ChangeKind.CHANGED]
        fit = set(session.scalars(_OF_FIELD, _asked(which) | {"ids": ids})) if ids else set()
        steps = [s for s in steps if s.kind is ChangeKind.CHANGED and s.place.id in fit]
    return _with_text(session, steps, which.text) if which.text else list(steps)


def _with_text(session: Session, steps: Sequence[Step], sought: str) -> list[Step]:
    pattern = {"pattern": f"%{sought.translate(_WILD)}%"}
    items = {"items": list({step.item_id for step in steps})}
    changes = {"ids": [step.place.id for step in steps if step.kind is ChangeKind.CHANGED]}
    now = set(session.scalars(_ITEMS_WITH_TEXT, items | pattern))
    before = set(session.scalars(_CHANGES_WITH_TEXT, changes | pattern))
    return [
        step
        for step in steps
        if step.item_id in now or (step.kind is ChangeKind.CHANGED and step.place.id in before)
    ]


def _asked(which: ChangeFilter) -> dict[str, Any]:
    return {
        "field": which.field,
        "before": which.before or None,
        "before_number": lexemes.number(which.before),
        "after": which.after or None,
        "after_number": lexemes.number(which.after),
        "move": which.move,
        "part": which.percent / 100,
        "number": lexemes.NUMBER,
        "longest": _LONGEST_NUMBER,
    }


#: The later change is sought among the item's own, not along the ids of all.
_OF_FIELD = text("""
SELECT c.id
FROM (
    SELECT r.id, r.data -> :field AS before,
           CASE WHEN l.id IS NULL THEN i.data ELSE l.data END -> :field AS after
    FROM item_revisions r
    JOIN scraped_items i ON i.id = r.item_id
    LEFT JOIN LATERAL (
        SELECT own.id, own.data
        FROM (SELECT id, data, added FROM item_revisions WHERE item_id = r.item_id OFFSET 0) AS own
        WHERE own.id > r.id
          AND (own.added IS NULL OR jsonb_exists(own.data, :field) OR :field = ANY (own.added))
        ORDER BY own.id
        LIMIT 1
    ) AS l ON true
    WHERE r.id = ANY (:ids)
      AND (r.added IS NULL OR jsonb_exists(r.data, :field) OR :field = ANY (r.added))
) AS c
CROSS JOIN LATERAL (
    SELECT c.before #>> '{}' AS before, c.after #>> '{}' AS after
) AS t
CROSS JOIN LATERAL (
    SELECT CASE WHEN left(t.before, :longest) ~ :number
               THEN CAST(left(t.before, :longest) AS numeric) END AS before,
           CASE WHEN left(t.after, :longest) ~ :number
               THEN CAST(left(t.after, :longest) AS numeric) END AS after
) AS n
WHERE CAST(c.before AS text) IS DISTINCT FROM CAST(c.after AS text)
  AND (CAST(:before AS text) IS NULL OR t.before = :before
       OR n.before = CAST(:before_number AS numeric))
  AND (CAST(:after AS text) IS NULL OR t.after = :after
       OR n.after = CAST(:after_number AS numeric))
  AND CASE CAST(:move AS text)
      WHEN 'fell' THEN n.before - n.after > abs(n.before) * :part AND n.after < n.before
      WHEN 'rose' THEN n.after - n.before > abs(n.before) * :part AND n.after > n.before
      ELSE true END
""")

_ITEMS_WITH_TEXT = text("""
SELECT id FROM scraped_items
WHERE id = ANY (:items) AND (key ILIKE :pattern OR CAST(data AS text) ILIKE :pattern)
""")
_CHANGES_WITH_TEXT = text("""
SELECT id FROM item_revisions WHERE id = ANY (:ids) AND CAST(data AS text) ILIKE :pattern
""")
