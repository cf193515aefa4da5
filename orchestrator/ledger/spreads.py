"""Spreads: how much later than its occasion each target starts; pure functions, no clock.

The wait follows from target and occasion alone: a second beat and a sweep that begins again give
the same, and whoever looks at a schedule sees it beforehand.
"""

from datetime import UTC, datetime, timedelta
from hashlib import blake2b

#: The default takes no larger part of the time between two occasions: what is to be crawled every
#: minute is not to wait for ten.
_PART = 10


def width(own: int | None, default: int, gap: timedelta) -> int:
    """Over how many seconds a target's starts are spread, when occasions are so far apart."""
    most = int(gap.total_seconds())
    return min(default, most // _PART) if own is None else min(own, most)


def wait(target_id: int, occasion: datetime, *, within: int) -> timedelta:
    """Whole seconds, less than `within`; the same each time it is asked."""
    if within <= 0:
        return timedelta()
    text = f"{target_id} {occasion.astimezone(UTC).isoformat()}"
    number = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
    return timedelta(seconds=number % within)
