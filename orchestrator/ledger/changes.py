"""The changes feed: what was found, changed, gone and back, of everything, a target or a job.

A page looks at so many changes and no more. Where a filter leaves too few of them to fill it, the
page says how far it has looked, and the next one looks further.
"""

import math
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from orchestrator import database
from orchestrator.ledger import differences, sifting
from orchestrator.ledger.filters import ChangeFilter
from orchestrator.ledger.items import NAMING
from orchestrator.ledger.models import ChangeKind, ScrapedItem, ScrapingTarget
from orchestrator.ledger.revisions import Difference
from orchestrator.ledger.walks import Place, Step, Walk

#: So many changes are held against a filter, a page.
MOST_LOOKED_AT = 600
#: So many at once where each is to be looked into.
_STRIDE = 100
_LONGEST_TITLE = 200
#: More of a job are neither looked at nor counted when somebody is told of them.
MOST_COUNTED = 5_000
#: Of what is taken out: so many changes at once, and so often.
BATCH, MOST_BATCHES = 500, 200


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened to an item, as a list tells it."""

    kind: ChangeKind
    place: Place
    target: ScrapingTarget
    item_id: int
    key: str
    #: What the item is called, as far as it has a name; else empty.
    title: str
    #: Of a change.
    difference: Difference | None

    @property
    def job_id(self) -> uuid.UUID:
        return self.place.job_id


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Changes, the newest job first, and behind which one older ones begin."""

    changes: Sequence[Change]
    older: Place | None
    #: It ended because it had looked at enough, and not because it was full.
    looked_to: Place | None = None


@dataclass(frozen=True, slots=True)
class Some:
    """A few changes of those that fit."""

    changes: Sequence[Change]
    #: How many fit, among those that were looked at.
    count: int
    #: There may be more.
    is_more: bool


def page(
    session: Session,
    which: ChangeFilter,
    *,
    after: Place | None = None,
    size: int = 50,
    look: int = MOST_LOOKED_AT,
    seconds: float = math.inf,
) -> ChangePage:
    """The newest that fit, or those behind `after`.

    It looks at no more than `look`, and begins no further stride after so many seconds.
    """
    walk = Walk(session, which, after)
    until = monotonic() + seconds
    steps = _gathered(session, walk, which, most=size + 1, look=look, until=until)
    shown = told(session, steps[:size])
    if len(steps) > size:
        return ChangePage(shown, steps[size - 1].place)
    older = None if walk.is_over or not which.wanted else walk.place
    return ChangePage(shown, older, looked_to=older)


def told(session: Session, steps: Sequence[Step]) -> list[Change]:
    """These changes with what a list says of each."""
    changed = [step.place.id for step in steps if step.kind is ChangeKind.CHANGED]
    differing = differences.of(session, changed)
    items = _items(session, {step.item_id for step in steps})
    targets = _targets(session, {step.target_id for step in steps})
    return [
        Change(
            step.kind,
            step.place,
            targets[step.target_id],
            *items[step.item_id],
            differing[step.place.id] if step.kind is ChangeKind.CHANGED else None,
        )
        for step in steps
        # Clean-up may have taken it meanwhile.
        if step.item_id in items
    ]


def some(session: Session, which: ChangeFilter, *, most: int) -> Some:
    """The first of those that fit."""
    walk = Walk(session, which)
    steps = _gathered(session, walk, which, most=MOST_COUNTED, look=MOST_COUNTED)
    return Some(told(session, steps[:most]), len(steps), is_more=not walk.is_over)


def batches(which: ChangeFilter) -> Iterator[list[Change]]:
    """The newest that fit, in batches that are read each in a transaction of its own.

    So many batches and no more. Raises DatabaseAway.
    """
    after = None
    for _ in range(MOST_BATCHES):
        with database.transaction() as session:
            found = page(session, which, after=after, size=BATCH)
        yield list(found.changes)
        if (after := found.older) is None:
            return


def _gathered(
    session: Session,
    walk: Walk,
    which: ChangeFilter,
    *,
    most: int,
    look: int,
    until: float = math.inf,
) -> list[Step]:
    """The first that fit, found by looking at so many."""
    found: list[Step] = []
    look = look if which.wanted else 0
    while len(found) < most and look > 0 and not (walk.is_over or walk.is_tired):
        stride = _STRIDE if which.looks_inside else most - len(found)
        seen = walk.stride(min(stride, look))
        found += sifting.fitting(session, seen, which)
        look -= max(len(seen), 1)
        if monotonic() >= until:
            break
    return found[:most]


def _items(session: Session, ids: set[int]) -> dict[int, tuple[int, str, str]]:
    names = (func.nullif(ScrapedItem.data[name].astext, "") for name in NAMING)
    title: Any = func.left(func.coalesce(*names, ""), _LONGEST_TITLE)
    query = select(ScrapedItem.id, ScrapedItem.key, title).where(ScrapedItem.id.in_(ids))
    return {row[0]: (row[0], row[1], row[2]) for row in session.execute(query)} if ids else {}


def _targets(session: Session, ids: set[int]) -> dict[int, ScrapingTarget]:
    light = (defer(ScrapingTarget.arguments), defer(ScrapingTarget.settings))
    query = select(ScrapingTarget).where(ScrapingTarget.id.in_(ids)).options(*light)
    return {target.id: target for target in session.scalars(query)} if ids else {}
