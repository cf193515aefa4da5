"""The Scrapy settings a target may set, with their bounds.

Only what makes a crawl slower, smaller or more patient is here. Nothing that loads a class, writes
a file or opens a port can be set by a target, however it is spelt.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.exceptions import Sentence


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
    "KUMO_HTTP_CACHE": Bounds(bool),
    "KUMO_KEEP_ITEMS_DAYS": Bounds(int, 0, 36_500),
    "KUMO_PAGE_SAMPLES": Bounds(bool),
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


_TRUE, _FALSE = ("true", "1"), ("false", "0")


def from_text(name: str, text: str) -> Any:
    """The value that Scrapy would read from this text; the text itself where it is none."""
    kind = ALLOWED[name].kind if name in ALLOWED else str
    try:
        if kind is list:
            return [int(each) for each in text.strip(" []").split(",") if each.strip()]
        if kind is bool:
            word = text.strip().lower()
            return True if word in _TRUE else False if word in _FALSE else text
        return kind(text)
    except ValueError:
        return text


def faults(settings: Mapping[str, Any]) -> list[Sentence]:
    """A sentence for each setting that a target may not have; empty when all is well."""
    return [fault for name, value in settings.items() if (fault := _fault(name, value))]


def _fault(name: str, value: Any) -> Sentence | None:
    bounds = ALLOWED.get(name)
    if bounds is None:
        return Sentence(
            "%(name)s cannot be set by a target (allowed: %(allowed)s)",
            name=_printable(name),
            allowed=", ".join(sorted(ALLOWED)),
        )
    if bounds.kind is bool:
        wrong = not isinstance(value, bool)
        return Sentence("%(name)s should be true or false", name=name) if wrong else None
    if bounds.kind is str:
        return _text_fault(name, value, bounds)
    if bounds.kind is list:
        return _list_fault(name, value, bounds)
    return _number_fault(name, value, bounds)


def _text_fault(name: str, value: Any, bounds: Bounds) -> Sentence | None:
    if not isinstance(value, str) or not value.isprintable():
        return Sentence("%(name)s should be one line of text", name=name)
    if bounds.words and value not in bounds.words:
        words = ", ".join(bounds.words)
        return Sentence("%(name)s should be one of %(words)s", name=name, words=words)
    if not bounds.words and len(value) > bounds.length:
        return Sentence(
            "%(name)s should have at most %(most)d characters", name=name, most=bounds.length
        )
    return None


def _list_fault(name: str, value: Any, bounds: Bounds) -> Sentence | None:
    if not isinstance(value, list) or len(value) > bounds.length:
        return Sentence(
            "%(name)s should be a list of at most %(most)d numbers", name=name, most=bounds.length
        )
    return next((fault for one in value if (fault := _number_fault(name, one, bounds))), None)


def _number_fault(name: str, value: Any, bounds: Bounds) -> Sentence | None:
    whole = bounds.kind in (int, list)
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        if whole:
            return Sentence("%(name)s should be a whole number", name=name)
        return Sentence("%(name)s should be a number", name=name)
    if not bounds.least <= value <= bounds.greatest:
        return Sentence(
            "%(name)s should be between %(least)s and %(greatest)s",
            name=name,
            least=_written(bounds.least),
            greatest=_written(bounds.greatest),
        )
    return None


def _written(bound: float) -> str:
    return f"{bound:,.0f}" if bound == int(bound) else f"{bound:g}"


def _printable(name: str) -> str:
    """As much of any text as can be shown: half a surrogate pair cannot."""
    return name[:100].encode(errors="replace").decode()
