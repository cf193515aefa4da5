"""Which changes somebody asks for: of whom, of what kind, and what became of a field.

Numbers are compared as numbers, also those that a site writes as text. What is said of a field is
said of changes alone: who asks for a price that fell is not told of what is new.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from orchestrator.exceptions import FilterInvalid, Sentence
from orchestrator.ledger.models import ChangeKind

_LONGEST, _MOST_PERCENT = 200, Decimal(1_000_000)


class Move(StrEnum):
    """Where a number went."""

    FELL = "fell"  #: It fell by more than so many per cent.
    ROSE = "rose"  #: It rose by more than so many.


@dataclass(frozen=True, slots=True)
class ChangeFilter:
    """Changes that every condition fits; what is empty is no condition."""

    kinds: tuple[ChangeKind, ...] = ()
    target_id: int | None = None
    tag: str = ""
    job_id: uuid.UUID | None = None
    #: It changed, and …
    field: str = ""
    #: … was this before, …
    before: str = ""
    #: … is this after it, …
    after: str = ""
    #: … or moved by more than `percent`.
    move: Move | None = None
    percent: Decimal = Decimal(0)
    #: Anywhere in the item or in what it was before, in capitals or not.
    text: str = ""

    @property
    def wanted(self) -> tuple[ChangeKind, ...]:
        """The kinds that may fit."""
        kinds = self.kinds or tuple(ChangeKind)
        return tuple(kind for kind in kinds if kind is ChangeKind.CHANGED or not self.field)

    @property
    def looks_inside(self) -> bool:
        """Whether each change has to be looked at."""
        return bool(self.field or self.text)

    def concerns(self, target_id: int, tags: Sequence[str]) -> bool:
        """Whether changes of a target with these tags may fit."""
        if self.target_id is not None:
            return self.target_id == target_id
        return not self.tag or self.tag in tags


def checked(which: ChangeFilter) -> ChangeFilter:
    """The same. Raises FilterInvalid when it cannot be meant."""
    if not which.field and (which.before or which.after or which.move):
        raise FilterInvalid(Sentence("Name the field that this is about."), "field")
    if which.move and not 0 <= which.percent <= _MOST_PERCENT:
        raise FilterInvalid(Sentence("Give a number of per cent, 0 or more."), "percent")
    if which.target_id is not None and which.tag:
        raise FilterInvalid(Sentence("Name a target or a tag, not both."), "tag")
    texts = (which.tag, which.field, which.before, which.after, which.text)
    if any(len(each) > _LONGEST for each in texts):
        raise FilterInvalid(
            Sentence("A condition has at most %(most)s characters.", most=_LONGEST), "field"
        )
    return which


def percent(text: str) -> Decimal:
    """What somebody typed as a number of per cent. Raises FilterInvalid."""
    try:
        number = Decimal(text.strip().rstrip("%").strip() or "0")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise FilterInvalid(Sentence("Give a number of per cent, 0 or more."), "percent")
    return number


def as_json(which: ChangeFilter) -> dict[str, Any]:
    """To be kept; a job is no part of it, for it ends."""
    told = {
        "kinds": [kind.value for kind in which.kinds],
        "target_id": which.target_id,
        "tag": which.tag,
        "field": which.field,
        "before": which.before,
        "after": which.after,
        "move": which.move,
        "percent": str(which.percent) if which.move else None,
        "text": which.text,
    }
    return {name: value for name, value in told.items() if value}


def from_json(told: Mapping[str, Any]) -> ChangeFilter:
    return ChangeFilter(
        kinds=tuple(ChangeKind(each) for each in told.get("kinds", ())),
        target_id=told.get("target_id"),
        tag=told.get("tag", ""),
        field=told.get("field", ""),
        before=told.get("before", ""),
        after=told.get("after", ""),
        move=Move(told["move"]) if told.get("move") else None,
        percent=Decimal(told.get("percent") or 0),
        text=told.get("text", ""),
    )
