"""How a site says that it is asked too much, and until when it wants to be left alone.

The statuses are 429 and 503; the time is in Retry-After, as seconds or as a date. A date is read
against the answer's own Date, so that neither clock has to be right.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from scrapy.http import Response

_TOO_MANY_REQUESTS, _UNAVAILABLE = 429, 503
#: A site that wants to be left alone for longer is asked once an hour whether it still does.
LONGEST_SECONDS = 3_600


@dataclass(frozen=True, slots=True)
class Complaint:
    """A site asks for a pause."""

    #: None = it did not say how long.
    seconds: float | None
    #: It was asked too often, by whomever; otherwise it may be that it is merely down.
    too_many: bool


def of(response: Response) -> Complaint | None:
    """What the answer complains of, if it does."""
    if response.status not in (_TOO_MANY_REQUESTS, _UNAVAILABLE):
        return None
    return Complaint(_seconds(response), response.status == _TOO_MANY_REQUESTS)


def _seconds(response: Response) -> float | None:
    """None when it named no time to come."""
    asked = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()
    if asked.isascii() and asked.isdigit():
        seconds = float(asked[:9])
    elif (until := _moment(asked)) is not None:
        sent = _moment((response.headers.get("Date") or b"").decode("latin-1"))
        seconds = (until - (sent or datetime.now(UTC))).total_seconds()
    else:
        return None
    return min(seconds, LONGEST_SECONDS) if seconds > 0 else None


def _moment(date: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, IndexError, OverflowError):
        return None
    # "-0000" gives no zone; HTTP knows only one.
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
