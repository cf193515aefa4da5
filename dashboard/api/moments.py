"""Moments as programs write them: a time with its offset, or a day.

A day is its first moment where the installation is, so that the items of yesterday are asked for by
two words that a shell can make: `date -d yesterday +%F`.
"""

import re
from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from orchestrator import config

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
#: A `+` that a shell did not escape is a space in an address.
_UNESCAPED = re.compile(r"(T[\d:.]+) (\d{2}:?\d{2})")
_FIRST_YEAR, _LAST_YEAR = 1970, 9_000
_SAYS = "should be a time with its offset, as 2026-01-31T03:30:00+09:00, or a day, as 2026-01-31"


def read(text: Any) -> datetime:
    """Raises ValueError."""
    if not isinstance(text, str):
        raise ValueError(_SAYS)
    text = _UNESCAPED.sub(r"\1+\2", text)
    try:
        moment = _day(text) if _DAY.fullmatch(text) else datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(_SAYS) from error
    if moment.tzinfo is None or not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValueError(_SAYS)
    # No offset is left that Postgres would not take, as -19:38.
    return moment.astimezone(UTC)


def _day(text: str) -> datetime:
    return datetime.combine(date.fromisoformat(text), time(), config.get().zone)


Moment = Annotated[
    datetime,
    BeforeValidator(read),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}]}
    ),
]
