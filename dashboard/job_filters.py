"""Which jobs and which log lines an address asks for.

Days are the reader's: midnight is where they are. A filter is kept in the address and nowhere
else, so a list can be sent to somebody, and a refresh in the background asks for the same.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from flask import request
from flask_babel import get_timezone

from orchestrator.exceptions import Invalid, Sentence
from orchestrator.ledger.job_lists import JobFilter
from orchestrator.ledger.logs import LogFilter, Place
from orchestrator.ledger.models import JobStatus, Trigger, Verdict

_FIRST_YEAR, _LAST_YEAR = 1970, 9_000
_PLACE = re.compile(r"([0-9]{1,9})-([0-9]{1,9})")
_LONGEST = 200
#: The levels a reader may choose.
LEVELS = (30, 40)

Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What somebody chose, as the form shows it again."""

    target: str
    statuses: tuple[JobStatus, ...]
    trigger: Trigger | None
    verdict: Verdict | None
    first_day: date | None
    last_day: date | None

    @property
    def anything(self) -> bool:
        return bool(self.address())

    def address(self) -> Mapping[str, Any]:
        """The same as the arguments of an address."""
        chosen = {
            "target": self.target,
            "status": list(self.statuses),
            "trigger": self.trigger,
            "verdict": self.verdict,
            "from": self.first_day,
            "to": self.last_day,
        }
        return {name: each for name, each in chosen.items() if each}

    def filter(self, target_id: int | None) -> JobFilter:
        after = self.last_day + timedelta(days=1) if self.last_day else None
        return JobFilter(
            target_id,
            self.statuses,
            self.trigger,
            self.verdict,
            since=_midnight(self.first_day),
            until=_midnight(after),
        )


def chosen() -> Chosen:
    """Raises Invalid."""
    return Chosen(
        _text("target").strip(),
        tuple(_word(JobStatus, word) for word in request.args.getlist("status")[:20] if word),
        _word(Trigger, word) if (word := request.args.get("trigger")) else None,
        _word(Verdict, word) if (word := request.args.get("verdict")) else None,
        _day("from"),
        _day("to"),
    )


def lines() -> tuple[LogFilter, Place | None]:
    """Which lines of a log, and before which one. Raises Invalid."""
    level = request.args.get("level", "")
    if level and level not in map(str, LEVELS):
        raise Invalid(Sentence("%(word)s is no level of a log.", word=repr(level[:40])))
    which = LogFilter(int(level or 0), _text("find"))
    if not (before := request.args.get("before")):
        return which, None
    if not (place := _PLACE.fullmatch(before)):
        raise Invalid(Sentence("This address names no place in the log; open the job anew."))
    return which, (int(place[1]), int(place[2]))


def _text(name: str) -> str:
    """Without the one letter that the database cannot hold."""
    return request.args.get(name, "").replace("\0", "")[:_LONGEST]


def _word(kind: type[Word], word: str) -> Word:
    try:
        return kind(word)
    except ValueError as error:
        known = ", ".join(kind)
        said = Sentence(
            "%(word)s is none of the words that fit here: %(known)s.",
            word=repr(word[:40]),
            known=known,
        )
        raise Invalid(said) from error


def _day(name: str) -> date | None:
    if not (text := request.args.get(name)):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise Invalid(
            Sentence("%(word)s is no day; write one as 2026-01-31.", word=repr(text[:40]))
        )
    return day


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), get_timezone()) if day else None
