"""What an address asks of the list of targets, and what a form asks of those that are ticked."""

from dataclasses import dataclass
from typing import Any

from flask import request

from orchestrator.exceptions import Invalid, Sentence
from orchestrator.ledger.models import JobStatus
from orchestrator.ledger.overviews import Sort, TargetFilter

#: In the address: those without any job.
NEVER = "never"
_VERBS = ("run", "enable", "disable")
_SWITCHES = {"enabled": True, "disabled": False}
_LONGEST_TEXT, _MOST_TICKED = 200, 500


@dataclass(frozen=True, slots=True)
class Asked:
    """Which targets, in which order, from which one on."""

    which: TargetFilter
    sort: Sort
    after: int | None
    before: int | None

    @property
    def narrowed(self) -> bool:
        return self.which != TargetFilter()

    @property
    def words(self) -> dict[str, Any]:
        """Filter and order as they stand in an address; what is not asked is left out."""
        which = self.which
        state = next((word for word, on in _SWITCHES.items() if on == which.active), None)
        return {
            "text": which.text or None,
            "tag": which.tag or None,
            "state": state,
            "outcome": NEVER if which.never_run else which.outcome,
            "sort": None if self.sort is Sort.NAME else self.sort,
        }


def asked() -> Asked:
    """Raises Invalid when the address has what no form sends."""
    outcome = request.args.get("outcome", "")
    which = TargetFilter(
        _text("text").strip(),
        _text("tag"),
        _one_of(_SWITCHES, "state"),
        outcome=None
        if outcome == NEVER
        else _one_of({each: each for each in JobStatus}, "outcome"),
        never_run=outcome == NEVER,
    )
    sort = _one_of({each: each for each in Sort}, "sort")
    return Asked(which, sort or Sort.NAME, _id("after"), _id("before"))


def ticked() -> list[int]:
    """The targets that a form names. Raises Invalid."""
    words = request.form.getlist("target")
    if len(words) > _MOST_TICKED or not all(map(_is_id, words)):
        raise Invalid(Sentence("The form names what is no target; open the list anew."))
    return sorted(set(map(int, words)))


def verb() -> str:
    """What the pressed button says. Raises Invalid."""
    word = request.form.get("verb", "")
    if word not in _VERBS:
        raise Invalid(Sentence("%(word)s is nothing that targets can be told.", word=word[:40]))
    return word


def _text(name: str) -> str:
    return "".join(filter(str.isprintable, request.args.get(name, "")))[:_LONGEST_TEXT]


def _one_of(known: dict[Any, Any], name: str) -> Any:
    word = request.args.get(name, "")
    if word and word not in known:
        raise Invalid(
            Sentence(
                "The list knows no %(name)s of that kind: %(word)s.", name=name, word=word[:40]
            )
        )
    return known.get(word)


def _id(name: str) -> int | None:
    word = request.args.get(name, "")
    if word and not _is_id(word):
        raise Invalid(Sentence("This address names no place in the list; open the list anew."))
    return int(word) if word else None


def _is_id(word: str) -> bool:
    # A longer number is none that the database holds.
    return word.isascii() and word.isdigit() and len(word) < 19
