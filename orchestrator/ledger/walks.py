"""A walk through changes, the newest job first, as far as somebody needs it.

The change sets say which jobs to look at and how much there is of each kind, so a stride reads
about as many rows as it returns, each kind from the index that begins with its job.
"""

import uuid
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, false, func, literal, or_, select, text, tuple_
from sqlalchemy.orm import Session

from orchestrator.ledger.filters import ChangeFilter
from orchestrator.ledger.models import ChangeKind, ChangeSet, ScrapingJob, ScrapingTarget

#: The order of kinds within a job; what it found may be all of a website, and comes last.
_ORDER = (ChangeKind.CHANGED, ChangeKind.GONE, ChangeKind.BACK, ChangeKind.FOUND)
#: Behind everything of a job.
_END = len(_ORDER)
#: Sets that are read at once: few at first, three times as many each further time.
_FIRST_WINDOW, _MOST_SETS = 100, 2_000
_NOTHING = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the order of all changes one stands."""

    at: datetime
    job_id: uuid.UUID
    rank: int
    id: int


@dataclass(frozen=True, slots=True)
class Step:
    """A change, by the row that holds it."""

    place: Place
    kind: ChangeKind
    target_id: int
    item_id: int


@dataclass(frozen=True, slots=True)
class _Set:
    """What is known of a job's changes without looking at them."""

    job_id: uuid.UUID
    target_id: int
    at: datetime
    counts: dict[ChangeKind, int]


class Walk:
    """Through the changes that a filter's kinds, target, tag or job leave, from a place on."""

    def __init__(self, session: Session, which: ChangeFilter, after: Place | None = None) -> None:
        self._session = session
        self._which = which
        self._targets = _tagged(session, which.tag) if which.tag else None
        self._waiting: deque[_Set] = deque()
        self._inside = after if after and after.rank < _END else None
        self._edge = after
        self._looked_at = 0
        self._window_size = _FIRST_WINDOW
        self._least = 1
        self._at_end = self._targets == frozenset()
        self._at_most = False
        #: Behind what has been walked through.
        self.place = after

    @property
    def is_over(self) -> bool:
        """Nothing is left."""
        return self._at_end and not self._waiting

    @property
    def is_tired(self) -> bool:
        """It has looked at so many jobs that it should rather go on another time."""
        return self._at_most and not self._waiting

    def stride(self, most: int) -> list[Step]:
        """The next changes; fewer than `most` do not mean that there are no more."""
        taken = self._take(most)
        steps = self._read(taken, most) if taken else []
        # Where counts promise more than there is by now, the next stride takes more jobs at once.
        self._least = 1 if len(steps) == most else self._least * 4
        if len(steps) == most:
            self.place = self._inside = steps[-1].place
            begun = [each.job_id for each in taken].index(self.place.job_id)
            self._waiting.extendleft(reversed(taken[begun:]))
        elif self.is_tired:
            self.place, self._inside = self._edge, None
        elif taken:
            self.place, self._inside = Place(taken[-1].at, taken[-1].job_id, _END, 0), None
        return steps

    def _take(self, most: int) -> list[_Set]:
        taken: list[_Set] = []
        expected = 0
        while (expected < most or len(taken) < self._least) and (each := self._next_set()):
            taken.append(each)
            expected += sum(each.counts.values())
        return taken

    def _next_set(self) -> _Set | None:
        while not self._waiting and not self._at_end and not self._at_most:
            self._look()
        return self._waiting.popleft() if self._waiting else None

    def _look(self) -> None:
        """At the next sets, and keeps those that may have something."""
        rows = self._session.execute(self._wanted(self._window())).all()
        for row in rows:
            counts = {kind: getattr(row, kind) for kind in self._which.wanted}
            if row.is_wanted:
                self._waiting.append(_Set(row.job_id, row.target_id, row.at, counts))
        last = rows[-1] if rows and rows[-1].number == self._window_size else None
        self._at_end = last is None
        if last:
            self._edge = Place(last.at, last.job_id, _END, 0)
        self._looked_at += self._window_size
        self._window_size *= 3
        self._at_most = not self._at_end and self._looked_at >= _MOST_SETS

    def _wanted(self, window: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
        """The sets of a window that may have something, and its very last in any case."""
        inner = window.subquery()
        is_wanted = or_(false(), *(inner.c[kind] > 0 for kind in self._which.wanted))
        if self._targets is not None:
            is_wanted &= inner.c.target_id.in_(self._targets)
        query = select(inner, is_wanted.label("is_wanted"))
        return query.where(is_wanted | (inner.c.number == self._window_size))

    def _window(self) -> Select[*tuple[Any, ...]]:
        if self._which.job_id is not None:
            return _of_job(self._which.job_id)
        order = (ChangeSet.at.desc(), ChangeSet.job_id.desc())
        number = func.row_number().over(order_by=order).label("number")
        columns = (ChangeSet.job_id, ChangeSet.target_id, ChangeSet.at, *_counted(ChangeSet))
        key = tuple_(ChangeSet.at, ChangeSet.job_id)
        query = select(*columns, number).order_by(*order)
        if self._which.target_id is not None:
            query = query.where(ChangeSet.target_id == self._which.target_id)
        if self._edge:
            edge = tuple_(literal(self._edge.at), literal(self._edge.job_id))
            query = query.where(key <= edge if self._edge.rank < _END else key < edge)
        return query.limit(self._window_size)

    def _read(self, sets: Sequence[_Set], most: int) -> list[Step]:
        starts: dict[str, list[int]] = {
            kind: [self._start(each, kind) for each in sets] for kind in _ORDER
        }
        values = {"jobs": [each.job_id for each in sets], "most": most, **starts}
        by_id = {each.job_id: each for each in sets}
        return [
            Step(
                Place(by_id[row.job_id].at, row.job_id, row.rank, row.id),
                _ORDER[row.rank],
                by_id[row.job_id].target_id,
                row.item_id,
            )
            for row in self._session.execute(_STEPS, values)
        ]

    def _start(self, of: _Set, kind: ChangeKind) -> int:
        """Behind which row of that kind the stride begins."""
        if not of.counts.get(kind):
            return _NOTHING
        inside, rank = self._inside, _ORDER.index(kind)
        if inside is None or inside.job_id != of.job_id or rank > inside.rank:
            return 0
        return inside.id if rank == inside.rank else _NOTHING


def _tagged(session: Session, tag: str) -> frozenset[int]:
    query = select(ScrapingTarget.id).where(ScrapingTarget.tags.contains([tag]))
    return frozenset(session.scalars(query))


def _counted(table: Any) -> list[Any]:
    return [getattr(table, kind) for kind in ChangeKind]


def _of_job(job_id: uuid.UUID) -> Select[*tuple[Any, ...]]:
    """One job, whether or not it has ended; what is held back has no rows."""
    ended = func.coalesce(ChangeSet.at, ScrapingJob.completed_at, ScrapingJob.queued_at)
    return (
        select(
            ScrapingJob.id.label("job_id"),
            ScrapingJob.target_id,
            ended.label("at"),
            literal(1).label("number"),
            ScrapingJob.items_new.label(ChangeKind.FOUND),
            ScrapingJob.items_changed.label(ChangeKind.CHANGED),
            ScrapingJob.items_gone.label(ChangeKind.GONE),
            ScrapingJob.items_back.label(ChangeKind.BACK),
        )
        .outerjoin(ChangeSet, ChangeSet.job_id == ScrapingJob.id)
        .where(ScrapingJob.id == job_id)
    )


_STEPS = text("""
SELECT s.job_id, e.rank, e.id, e.item_id
FROM unnest(CAST(:jobs AS uuid[]), CAST(:changed AS bigint[]), CAST(:gone AS bigint[]),
            CAST(:back AS bigint[]), CAST(:found AS bigint[]))
    WITH ORDINALITY AS s (job_id, changed, gone, back, found, place)
CROSS JOIN LATERAL (
    (SELECT 0 AS rank, id, item_id FROM item_revisions
     WHERE job_id = s.job_id AND id > s.changed ORDER BY job_id, id LIMIT :most)
    UNION ALL
    (SELECT 1, id, item_id FROM item_absences
     WHERE gone_job_id = s.job_id AND id > s.gone ORDER BY gone_job_id, id LIMIT :most)
    UNION ALL
    (SELECT 2, id, item_id FROM item_absences
     WHERE back_job_id = s.job_id AND id > s.back ORDER BY back_job_id, id LIMIT :most)
    UNION ALL
    (SELECT 3, id, id FROM scraped_items
     WHERE first_job_id = s.job_id AND id > s.found ORDER BY first_job_id, id LIMIT :most)
) AS e
ORDER BY s.place, e.rank, e.id
LIMIT :most
""")
