"""The life of an item: found, changed, gone and back, the newest first.

What is told stands in three tables, each written where it happens; here they are put in one order.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from orchestrator.ledger import revisions
from orchestrator.ledger.models import ChangeKind
from orchestrator.ledger.revisions import Difference


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a life an event stands; events of one commit have the same time."""

    at: datetime
    rank: int
    id: int


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an item."""

    kind: ChangeKind
    place: Place
    #: None when the job is gone by now.
    job_id: uuid.UUID | None
    #: Of a change.
    difference: Difference | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """Events of an item, the newest first, and behind which older ones begin."""

    events: Sequence[Event]
    older: Place | None


def page(
    session: Session, item_id: int, *, before: Place | None = None, size: int = 20
) -> Timeline:
    """A part of an item's life; without `before` the newest."""
    at, rank, place = (before.at, before.rank, before.id) if before else ("infinity", 0, 0)
    limits = {"item": item_id, "at": at, "rank": rank, "place": place, "most": size + 1}
    found = session.execute(_EVENTS, limits).all()
    shown = found[:size]
    changed = [row.id for row in shown if row.kind == ChangeKind.CHANGED]
    differences = revisions.differences(session, item_id, changed)
    events = [_event(row, differences) for row in shown]
    return Timeline(events, events[-1].place if len(found) > size else None)


def _event(row: Row[Any], differences: dict[int, Difference]) -> Event:
    kind = ChangeKind(row.kind)
    difference = differences[row.id] if kind is ChangeKind.CHANGED else None
    return Event(kind, Place(row.at, row.rank, row.id), row.job_id, difference)


_EVENTS = text("""
SELECT kind, rank, id, at, job_id
FROM (
    SELECT 'found' AS kind, 0 AS rank, id, first_seen_at AS at, first_job_id AS job_id
    FROM scraped_items WHERE id = :item
    UNION ALL
    SELECT 'gone', 1, id, gone_at, gone_job_id FROM item_absences WHERE item_id = :item
    UNION ALL
    SELECT 'back', 2, id, back_at, back_job_id
    FROM item_absences WHERE item_id = :item AND back_at IS NOT NULL
    UNION ALL
    SELECT 'changed', 3, id, replaced_at, job_id FROM item_revisions WHERE item_id = :item
) AS life
WHERE (at, rank, id) < (CAST(:at AS timestamptz), :rank, :place)
ORDER BY at DESC, rank DESC, id DESC
LIMIT :most
""")
