"""Fulfilment: whether a run is as a person said to expect.

Looking at items with somebody's schema ends after a time; what was seen until then counts.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from orchestrator.ledger.expectations import Expectations
from orchestrator.ledger.findings import Finding
from orchestrator.ledger.models import Verdict
from orchestrator.ledger.profiles import Profile

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

#: Looking at the items of a run ends after so long.
_SECONDS = 2.0
_MOST_PLACES = 20


def unmet(expected: Expectations, profile: Profile) -> list[Finding]:
    """What a run does not fulfil, as far as its profile tells."""
    found = []
    if expected.min_items is not None and profile.items < expected.min_items:
        numbers = {"now": profile.items, "expected": expected.min_items}
        found.append(Finding("too_few", None, Verdict.BAD, numbers))
    for name in expected.required_fields:
        filled = profile.fields[name].filled if name in profile.fields else 0
        if lacking := profile.looked_at - filled:
            numbers = {"count": lacking, "of": profile.looked_at}
            found.append(Finding("required", name, Verdict.BAD, numbers))
    return found


def misfits(schema: Mapping[str, Any], items: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """In which fields items do not fit the schema, and in how many; the most frequent first."""
    end = time.monotonic() + _SECONDS
    validator = _in_time(end)(schema)
    counts: Counter[tuple[str, str]] = Counter()
    looked_at = 0
    try:
        for item in items:
            counts.update({_place(misfit) for misfit in validator.iter_errors(item)})
            looked_at += 1
    except (_TimeOver, RecursionError):
        pass
    return [
        Finding("schema", name, Verdict.BAD, {"count": count, "of": looked_at, "rule": rule})
        for (name, rule), count in sorted(counts.items(), key=_worst_first)[:_MOST_PLACES]
    ]


def _worst_first(found: tuple[tuple[str, str], int]) -> tuple[int, tuple[str, str]]:
    return -found[1], found[0]


class _TimeOver(Exception):
    """Looking took too long; what was found until then counts."""


def _in_time(end: float) -> Any:
    """A validator each of whose steps first looks at the clock."""
    # Four megabytes in every worker and crawler, of which few have a target with a schema.
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    def timed(step: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
        def run(*values: Any) -> Iterator[Any]:
            if time.monotonic() > end:
                raise _TimeOver
            yield from step(*values) or ()

        return run

    steps = {name: timed(step) for name, step in Draft202012Validator.VALIDATORS.items()}
    return extend(Draft202012Validator, steps)  # type: ignore[no-untyped-call]


def _place(misfit: "ValidationError") -> tuple[str, str]:
    rule = str(misfit.validator)
    if misfit.absolute_path:
        return str(misfit.absolute_path[0])[:200], rule
    if rule == "required":
        wanted: Any = misfit.validator_value
        there: Any = misfit.instance
        lacking = next((each for each in wanted if each not in there), "")
        return str(lacking)[:200], rule
    return "", rule
