"""What a manifest would change: targets that are added, changed field by field, or gone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any

from orchestrator.ledger import secrecy
from orchestrator.ledger.definitions import TargetDefinition
from orchestrator.ledger.models import ScrapingTarget

#: Stands where there is nothing.
ABSENT = object()


@dataclass(frozen=True, slots=True)
class Change:
    """A value of a target that becomes another one."""

    #: Such as arguments.fields.2.css.
    field: str
    before: Any
    after: Any
    #: By its name; then neither is to be shown.
    secret: bool


@dataclass(frozen=True, slots=True)
class Changed:
    """A target that is there and becomes another one."""

    target_id: int
    definition: TargetDefinition
    changes: Sequence[Change]
    #: When it was last changed, as far as the plan knows.
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Gone:
    """A target that is there and not in the file."""

    target_id: int
    name: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """All of it; applied as a whole or not at all."""

    added: Sequence[TargetDefinition]
    changed: Sequence[Changed]
    gone: Sequence[Gone]
    unchanged: int


def of(wanted: Mapping[str, TargetDefinition], stored: Mapping[str, ScrapingTarget]) -> Plan:
    """What has to happen for the stored targets, by name, to be as they are wanted."""
    changed = [
        Changed(stored[name].id, definition, changes, stored[name].updated_at)
        for name, definition in wanted.items()
        if name in stored and (changes := _changes(stored[name], definition))
    ]
    there = sum(name in stored for name in wanted)
    return Plan(
        added=[definition for name, definition in wanted.items() if name not in stored],
        changed=changed,
        gone=[
            Gone(target.id, name, target.updated_at)
            for name, target in stored.items()
            if name not in wanted
        ],
        unchanged=there - len(changed),
    )


def _changes(target: ScrapingTarget, definition: TargetDefinition) -> list[Change]:
    return [
        change
        for name, after in definition.model_dump().items()
        for change in _between(getattr(target, name), after, (name,))
    ]


def _between(before: Any, after: Any, place: tuple[str, ...]) -> Iterator[Change]:
    """The innermost values that differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in {**before, **after}:
            pair = before.get(name, ABSENT), after.get(name, ABSENT)
            yield from _between(*pair, (*place, str(name)))
    elif isinstance(before, list) and isinstance(after, list):
        pairs = zip_longest(before, after, fillvalue=ABSENT)
        for number, pair in enumerate(pairs):
            yield from _between(*pair, (*place, str(number)))
    elif type(before) is not type(after) or before != after:
        secret = any(map(secrecy.is_secret, place)) and place[0] == "arguments"
        yield Change(".".join(place), before, after, secret)
