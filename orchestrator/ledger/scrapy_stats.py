"""Scrapy's statistics of several crawls, as those of one."""

from collections.abc import Mapping, Sequence
from typing import Any

#: Of these the first is kept, the earliest start; of other words and times the last one.
_FIRST = frozenset({"start_time"})
#: Amounts that all crawls have had side by side.
_HIGHEST = ("max", "elapsed_time_seconds", "startup")


def added_up(counted: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Counts are added; of what is a largest value, or a time that passed for all, the largest."""
    total: dict[str, Any] = {}
    for stats in counted:
        for name, value in stats.items():
            total[name] = _both(name, total[name], value) if name in total else value
    return total


def _both(name: str, one: Any, other: Any) -> Any:
    if name in _FIRST:
        return min(str(one), str(other))
    if not (_is_amount(one) and _is_amount(other)):
        return other
    return max(one, other) if any(word in name for word in _HIGHEST) else one + other


def _is_amount(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
