"""Which changes an address asks for, and the same the other way round.

All of it stands in the address, so that what somebody looks at can be sent to others, saved under a
name, taken out and fed.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from flask import request, url_for

from dashboard.words import plain
from orchestrator.exceptions import Invalid, Sentence
from orchestrator.ledger import filters
from orchestrator.ledger.filters import ChangeFilter, Move
from orchestrator.ledger.items import clean_text
from orchestrator.ledger.models import ChangeKind
from orchestrator.ledger.walks import Place

_LONGEST = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE = re.compile(r"([0-9]{1,17})-([0-9a-f]{32})-([0-4])-([0-9]{1,18})")
_MOMENT = re.compile(r"[0-9]{1,17}")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for, but for its target, which is looked up by name or number."""

    which: ChangeFilter
    target: str
    #: As it was typed, to be shown again.
    percent: str
    after: Place | None

    @property
    def narrows(self) -> bool:
        """Whether it asks for more than a target or a job."""
        return replace(self.which, job_id=None, target_id=None) != ChangeFilter()

    def of(self, target_id: int | None) -> ChangeFilter:
        """Raises FilterInvalid."""
        return filters.checked(replace(self.which, target_id=target_id))


def asked() -> Asked:
    """Of this request. Raises Invalid."""
    move, percent = _read(Move, _text("move")), _text("by")
    which = ChangeFilter(
        kinds=tuple(dict.fromkeys(_each(ChangeKind, request.args.getlist("kind")[:10]))),
        tag=_text("tag"),
        job_id=_read(UUID, _text("job")),
        field=_text("field"),
        before=_text("from"),
        after=_text("to"),
        move=move,
        percent=filters.percent(percent if move else ""),
        text=_text("text"),
    )
    return Asked(which, _text("target"), percent, _read(place_of, _text("before")))


def arguments(which: ChangeFilter) -> dict[str, Any]:
    """The same as the arguments of an address."""
    told = {
        "kind": [kind.value for kind in which.kinds],
        "target": which.target_id,
        "tag": which.tag,
        "job": which.job_id,
        "field": which.field,
        "from": which.before,
        "to": which.after,
        "move": which.move,
        "by": f"{which.percent:f}" if which.move else "",
        "text": which.text,
    }
    return {name: value for name, value in told.items() if value}


def address(endpoint: str, which: ChangeFilter, **more: Any) -> str:
    values: Mapping[str, Any] = arguments(which) | more
    return url_for(endpoint, **values)


def place(at: Place) -> str:
    return f"{moment(at.at)}-{at.job_id.hex}-{at.rank}-{at.id}"


def place_of(text: str) -> Place:
    """Raises ValueError, OverflowError."""
    match = _PLACE.fullmatch(text)
    if match is None:
        raise ValueError
    at = _EPOCH + timedelta(microseconds=int(match[1]))
    return Place(at, UUID(match[2]), int(match[3]), int(match[4]))


def moment(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


def moment_of(text: str) -> datetime:
    """Raises Invalid."""
    return _read(_moment, text) or _EPOCH


def _moment(text: str) -> datetime:
    if not _MOMENT.fullmatch(text):
        raise ValueError
    return _EPOCH + timedelta(microseconds=int(text))


def _text(name: str) -> str:
    return clean_text(request.args.get(name, ""))[:_LONGEST].strip()


def _each(kind: Callable[[str], T], words: list[str]) -> list[T]:
    return [found for word in words if (found := _read(kind, word)) is not None]


def _read(kind: Callable[[str], T], text: str) -> T | None:
    if not text:
        return None
    try:
        return kind(text)
    except (ValueError, OverflowError) as error:
        raise Invalid(
            Sentence(
                "This address asks for changes by %(what)s, which means nothing; "
                "open the list anew.",
                what=repr(plain(text)[:60]),
            )
        ) from error
