"""The Scrapy settings a target may set, with their bounds.

Only what makes a crawl slower, smaller or more patient is here. Nothing that loads a class, writes
a file or opens a port can be set by a target, however it is spelt.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Bounds:
    """The kind of a value and, for numbers, its least and greatest."""

    kind: type
    least: float = 0
    greatest: float = 0
    #: For text and lists: the greatest length.
    length: int = 0
    #: For text that is one of a few words.
    words: tuple[str, ...] = ()


ALLOWED: Mapping[str, Bounds] = {
    "AUTOTHROTTLE_ENABLED": Bounds(bool),
    "AUTOTHROTTLE_TARGET_CONCURRENCY": Bounds(float, 0.1, 32),
    "CLOSESPIDER_ERRORCOUNT": Bounds(int, 0, 1_000_000),
    "CLOSESPIDER_ITEMCOUNT": Bounds(int, 0, 100_000_000),
    "CLOSESPIDER_PAGECOUNT": Bounds(int, 0, 100_000_000),
    "CLOSESPIDER_TIMEOUT": Bounds(int, 0, 604_800),
    "CONCURRENT_REQUESTS": Bounds(int, 1, 256),
    "CONCURRENT_REQUESTS_PER_DOMAIN": Bounds(int, 1, 64),
    "COOKIES_ENABLED": Bounds(bool),
    "DEPTH_LIMIT": Bounds(int, 0, 1_000_000),
    "DEPTH_PRIORITY": Bounds(int, -10, 10),
    "DOWNLOAD_DELAY": Bounds(float, 0, 3_600),
    "DOWNLOAD_MAXSIZE": Bounds(int, 1_024, 268_435_456),
    "DOWNLOAD_TIMEOUT": Bounds(float, 1, 600),
    "DOWNLOAD_WARNSIZE": Bounds(int, 1_024, 268_435_456),
    "HTTPERROR_ALLOWED_CODES": Bounds(list, 100, 599, length=50),
    "KUMO_FRONTIER_MOST": Bounds(int, 1_000, 20_000_000),
    "KUMO_SILENCE_SECONDS": Bounds(float, 1, 86_400),
    "KUMO_SILENCE_TRIES": Bounds(int, 1, 100_000),
    "LOG_LEVEL": Bounds(str, words=("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")),
    "REDIRECT_MAX_TIMES": Bounds(int, 0, 50),
    "RETRY_HTTP_CODES": Bounds(list, 100, 599, length=50),
    "RETRY_TIMES": Bounds(int, 0, 20),
    "ROBOTSTXT_OBEY": Bounds(bool),
    "URLLENGTH_LIMIT": Bounds(int, 100, 65_536),
    "USER_AGENT": Bounds(str, length=500),
}


def faults(settings: Mapping[str, Any]) -> list[str]:
    """A sentence for each setting that a target may not have; empty when all is well."""
    return [fault for name, value in settings.items() if (fault := _fault(name, value))]


def _fault(name: str, value: Any) -> str | None:
    bounds = ALLOWED.get(name)
    if bounds is None:
        return f"{name} cannot be set by a target (allowed: {', '.join(sorted(ALLOWED))})"
    if bounds.kind is bool:
        return None if isinstance(value, bool) else f"{name} should be true or false"
    if bounds.kind is str:
        return _text_fault(name, value, bounds)
    if bounds.kind is list:
        return _list_fault(name, value, bounds)
    return _number_fault(name, value, bounds)


def _text_fault(name: str, value: Any, bounds: Bounds) -> str | None:
    if not isinstance(value, str) or not value.isprintable():
        return f"{name} should be one line of text"
    if bounds.words:
        return None if value in bounds.words else f"{name} should be {' or '.join(bounds.words)}"
    if len(value) > bounds.length:
        return f"{name} should have at most {bounds.length} characters"
    return None


def _list_fault(name: str, value: Any, bounds: Bounds) -> str | None:
    if not isinstance(value, list) or len(value) > bounds.length:
        return f"{name} should be a list of at most {bounds.length} numbers"
    return next((fault for one in value if (fault := _number_fault(name, one, bounds))), None)


def _number_fault(name: str, value: Any, bounds: Bounds) -> str | None:
    wanted = (int,) if bounds.kind in (int, list) else (int, float)
    if isinstance(value, bool) or not isinstance(value, wanted):
        return f"{name} should be a {'whole number' if wanted == (int,) else 'number'}"
    if not bounds.least <= value <= bounds.greatest:
        return f"{name} should be between {bounds.least:g} and {bounds.greatest:g}"
    return None
