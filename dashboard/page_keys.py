"""Places in the list of jobs as they stand in an address."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

from orchestrator.exceptions import Invalid, Sentence
from orchestrator.ledger.job_lists import PageKey

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FORM = re.compile(r"([0-9]{1,17})-([0-9a-f]{32})")


def encode(key: PageKey) -> str:
    queued_at, job_id = key
    return f"{(queued_at - _EPOCH) // timedelta(microseconds=1)}-{job_id.hex}"


def number(text: str | None) -> int | None:
    """A key that is a row's number. Raises Invalid when it cannot be one."""
    if not text:
        return None
    # A bigint ends there.
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Invalid(Sentence("This address names no place in the list; open the list anew."))
    return int(text)


def decode(text: str) -> PageKey:
    """Raises Invalid when it is no place in a list."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise Invalid("This address names no place in the list of jobs; open the list anew.")
    return _EPOCH + timedelta(microseconds=int(match[1])), UUID(match[2])
