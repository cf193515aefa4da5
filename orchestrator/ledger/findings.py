"""Findings: what there is to say against a job, each in a sentence with its numbers."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.exceptions import Sentence
from orchestrator.ledger.models import Verdict


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be."""

    #: A word of _SENTENCES.
    kind: str
    #: The field it is about, if it is about one.
    field: str | None = None
    severity: Verdict = Verdict.SUSPICIOUS
    numbers: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            **self.numbers,
            "kind": self.kind,
            "field": self.field,
            "severity": self.severity.value,
        }

    @property
    def sentence(self) -> Sentence:
        return sentence(self.as_json())


def sentence(finding: Mapping[str, Any]) -> Sentence:
    """What a finding, as it was stored, says."""
    pattern = _SENTENCES.get(finding["kind"])
    if pattern is None:  # of a later version
        return Sentence("%(kind)s: %(field)s", kind=finding["kind"], field=finding["field"] or "")
    values = {name: _said(name, value) for name, value in finding.items()}
    return pattern(values)


def _said(name: str, value: Any) -> Any:
    if name in ("shape", "usual_shape"):
        return _shape(value)
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else value


def _shape(shape: str) -> Sentence:
    if shape.startswith("amount"):
        mark = shape.removeprefix("amount").strip()
        return Sentence("a number with “%(mark)s” as text", mark=mark)
    return _SHAPES.get(shape, Sentence("something else"))


_SHAPES = {
    "number": Sentence("a number"),
    "numeral": Sentence("a number as text"),
    "text": Sentence("text"),
    "link": Sentence("a link"),
    "date": Sentence("a date"),
    "list": Sentence("a list"),
    "object": Sentence("an object"),
    "boolean": Sentence("true or false"),
}

#: Findings on expectations, on the whole job, and on a field; each by its numbers.
_SENTENCES: Mapping[str, Callable[[dict[str, Any]], Sentence]] = {
    "too_few": lambda of: Sentence(
        "It found %(now)s items; at least %(expected)s are expected.", **of
    ),
    "required": lambda of: Sentence(
        "%(field)s is required, and is empty in %(count)s of %(of)s items.", **of
    ),
    "schema": lambda of: Sentence(
        "%(field)s does not fit the item schema (%(rule)s) in %(count)s of %(of)s items.", **of
    ),
    "nothing": lambda of: Sentence(
        "It found no items; in the last %(runs)s jobs there were at least %(lowest)s.", **of
    ),
    "few_items": lambda of: Sentence(
        "It found %(now)s items; in the last %(runs)s jobs there were at least %(lowest)s.", **of
    ),
    "many_items": lambda of: Sentence(
        "It found %(now)s items; in the last %(runs)s jobs there were at most %(highest)s.", **of
    ),
    "many_new": lambda of: Sentence(
        "%(count)s of %(of)s items were never seen before; in the last %(runs)s jobs at most "
        "%(usual)s were.",
        **of,
    ),
    "still": lambda of: Sentence(
        "Nothing changed and nothing was new; in the last %(runs)s jobs at least %(lowest)s items "
        "were. The site may have sent an old copy.",
        **of,
    ),
    "few_pages": lambda of: Sentence(
        "It read %(now)s pages; in the last %(runs)s jobs there were at least %(lowest)s.", **of
    ),
    "many_pages": lambda of: Sentence(
        "It read %(now)s pages; in the last %(runs)s jobs there were at most %(highest)s.", **of
    ),
    "many_errors": lambda of: Sentence(
        "There were %(count)s errors for %(of)s pages; in the last %(runs)s jobs at most "
        "%(usual)s.",
        **of,
    ),
    "slow": lambda of: Sentence(
        "It took %(now)s seconds; the last %(runs)s jobs took at most %(highest)s.", **of
    ),
    "quick": lambda of: Sentence(
        "It took %(now)s seconds; the last %(runs)s jobs took at least %(lowest)s.", **of
    ),
    "empty": lambda of: Sentence(
        "%(field)s is empty in %(count)s of %(of)s items; in the last %(runs)s jobs it was empty "
        "in at most %(usual)s.",
        **of,
    ),
    "shape": lambda of: Sentence(
        "%(field)s is %(shape)s in %(count)s of %(of)s items; in the last %(runs)s jobs it was "
        "mostly %(usual_shape)s.",
        **of,
    ),
    "same": lambda of: Sentence(
        "%(field)s has %(count)s different values in %(of)s items; in the last %(runs)s jobs it "
        "had at least %(usual)s.",
        **of,
    ),
    "words": lambda of: Sentence(
        "%(field)s has few words in common with what it said in the last %(runs)s jobs.", **of
    ),
    "drift": lambda of: Sentence(
        "%(field)s is typically %(now)s times what it was before; in the last %(runs)s jobs it was "
        "between %(lowest)s and %(highest)s times.",
        **of,
    ),
    "returned": lambda of: Sentence(
        "%(field)s is again what it once was in %(count)s of %(of)s items in which it changed, and "
        "what it had become is gone. The site may have sent an old copy.",
        **of,
    ),
    "changed": lambda of: Sentence(
        "%(field)s changed in %(count)s of %(of)s items; in the last %(runs)s jobs it changed in "
        "at most %(usual)s.",
        **of,
    ),
    "level": lambda of: Sentence(
        "%(field)s is typically %(now)s; in the last %(runs)s jobs it was between %(lowest)s and "
        "%(highest)s.",
        **of,
    ),
    "length": lambda of: Sentence(
        "%(field)s typically has %(now)s characters; in the last %(runs)s jobs it had between "
        "%(lowest)s and %(highest)s.",
        **of,
    ),
}
