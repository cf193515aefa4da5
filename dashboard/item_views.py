"""How a person looks at items, as it stands in an address.

All of it is there, so that a view can be sent to somebody else and an export takes the same items.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from flask import request, url_for
from flask_babel import get_timezone

from orchestrator.exceptions import Invalid, Sentence
from orchestrator.ledger.item_views import (
    FIELD,
    TIMES,
    FieldFilter,
    ItemView,
    Operator,
    Place,
    Presence,
    Sighting,
)
from orchestrator.ledger.items import clean_text

_MOST_FILTERS, _MOST_COLUMNS = 8, 12
_LONGEST = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE = re.compile(r"(?:([0-9]{1,17})-)?([0-9]{1,18})")
_NUMBER = re.compile(r"n([0-9]{1,9})")
_BARE = frozenset({Operator.EMPTY, Operator.NOT_EMPTY})

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for."""

    view: ItemView
    columns: tuple[str, ...]
    #: A number is one in the view's listing.
    after: Place | int | None
    #: As it was typed, to be shown again.
    since: str = ""

    @property
    def narrows(self) -> bool:
        """Whether it leaves items out."""
        view = self.view
        asked = (view.search, view.filters, view.job_id, view.presence)
        return any(asked) or bool(view.new_since or view.changed_since)


def asked() -> Asked:
    """Of this request. Raises Invalid."""
    since = _text("since")
    moment = _read(_moment, since)
    new = _text("what") == "new"
    view = ItemView(
        search=_text("q"),
        filters=_filters(),
        job_id=_read(UUID, _text("job")),
        sighting=_read(Sighting, _text("saw")) or Sighting.LAST,
        new_since=moment if new else None,
        changed_since=None if new else moment,
        presence=_read(Presence, _text("there")),
        sort=_sort(),
        ascending=_ascending(),
    )
    columns = dict.fromkeys(filter(None, map(_clean, request.args.getlist("columns"))))
    return Asked(view, tuple(columns)[:_MOST_COLUMNS], _read(_place, _text("after")), since)


def address(endpoint: str, target_id: int, **changes: Any) -> str:
    """The address of this view with changes; None takes something out, the place always goes."""
    kept = {name: texts for name, texts in request.args.lists() if name != "after"}
    kept |= changes
    # Names of its own that url_for would take for instructions to itself are nobody's here.
    named = {name: value for name, value in kept.items() if name in _NAMES and value is not None}
    values: dict[str, Any] = {"target_id": target_id} | named
    return url_for(endpoint, **values)


def place(at: Place | None) -> str | None:
    if at is None:
        return None
    if at.at is None:
        return str(at.item_id)
    return f"{(at.at - _EPOCH) // timedelta(microseconds=1)}-{at.item_id}"


def as_json() -> dict[str, Any]:
    """For the record of an export."""
    return {
        name: [_clean(text) for text in texts[:_MOST_COLUMNS]]
        for name, texts in request.args.lists()
        if name in _NAMES
    }


_NAMES = frozenset(
    {
        "q", "field", "is", "value", "job", "saw", "since", "what", "sort", "order", "columns",
        "after", "there",
    }
)  # fmt: skip


def _filters() -> tuple[FieldFilter, ...]:
    rows = zip(*(request.args.getlist(name) for name in ("field", "is", "value")), strict=False)
    made = [
        FieldFilter(_clean(field), operator, _clean(value))
        for field, word, value in rows
        if field and (operator := _read(Operator, word)) and (value or operator in _BARE)
    ]
    return tuple(made[:_MOST_FILTERS])


def _sort() -> str:
    word = _text("sort") or "changed_at"
    if word not in TIMES and not word.startswith(FIELD):
        raise _unknown(word)
    return word


def _ascending() -> bool:
    """Unless it is said, fields begin with the least and times with the latest."""
    word = _text("order")
    return word == "up" if word else _sort() not in TIMES


def _place(text: str) -> Place | int:
    if number := _NUMBER.fullmatch(text):
        return int(number[1])
    match = _PLACE.fullmatch(text)
    if match is None or (match[1] is None) is (_sort() in TIMES):
        raise ValueError
    at = None if match[1] is None else _EPOCH + timedelta(microseconds=int(match[1]))
    return Place(int(match[2]), at)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=get_timezone())


def _read(kind: Callable[[str], T], text: str) -> T | None:
    if not text:
        return None
    try:
        return kind(text)
    except (ValueError, OverflowError) as error:
        raise _unknown(text) from error


def _text(name: str) -> str:
    return _clean(request.args.get(name, ""))


def _clean(text: str) -> str:
    return clean_text(text)[:_LONGEST].strip()


def _unknown(text: str) -> Invalid:
    return Invalid(
        Sentence(
            "This address asks for items by %(what)s, which means nothing; open the list anew.",
            what=repr(text[:60]),
        )
    )
