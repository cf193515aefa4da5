"""Scrapy's statistics of a job, grouped and named in words.

What is not known here, as an extension or a spider may count it, is shown under its own name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext, lazy_gettext

from dashboard.times import exact, span
from dashboard.words import number, plain, size

#: A spider may count as many things as it likes.
_MOST, _LONGEST = 300, 200


@dataclass(frozen=True, slots=True)
class Group:
    """Statistics that belong together: names and values in words."""

    name: str
    rows: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Known:
    """A statistic, or all that begin so; then the rest of the name is part of its words."""

    group: Any
    words: Any
    write: Callable[[Any], str]


def grouped(stats: Mapping[str, Any]) -> list[Group]:
    """Groups in their order, each with its statistics in theirs; the unknown ones last."""
    found: dict[str, list[tuple[int, str, str]]] = {str(group): [] for group in _GROUPS}
    for name in sorted(stats)[:_MOST]:
        place, known, rest = _find(name)
        words = str(known.words) % {"name": plain(rest)[:_LONGEST]} if known else _short(name)
        group = known.group if known else _OTHER
        found[str(group)].append((place, words, _written(known, stats[name])))
    return [
        Group(name, [(words, value) for _, words, value in sorted(rows)])
        for name, rows in found.items()
        if rows
    ]


def spared(stats: Mapping[str, Any]) -> str | None:
    """What the cache was good for, in a sentence; None when that was nothing."""
    try:
        unchanged = int(stats.get("kumo/cache_unchanged", 0))
        answers = max(unchanged, int(stats.get("response_received_count", 0)))
        saved = size(int(stats.get("kumo/cache_saved_bytes", 0)))
    except (TypeError, ValueError, OverflowError):
        return None
    if unchanged < 1:
        return None
    sentence: str = gettext(
        "%(unchanged)s of %(answers)s pages were unchanged and not sent again: %(size)s saved.",
        unchanged=number(unchanged),
        answers=number(answers),
        size=saved,
    )
    return sentence


def _find(name: str) -> tuple[int, _Known | None, str]:
    for place, (pattern, known) in enumerate(_KNOWN.items()):
        if name == pattern or (pattern.endswith("/") and name.startswith(pattern)):
            return place, known, name[len(pattern) :]
    return len(_KNOWN), None, ""


def _written(known: _Known | None, value: Any) -> str:
    try:
        return known.write(value) if known else _any(value)
    except (TypeError, ValueError, OverflowError):
        return _short(value)


def _short(value: Any) -> str:
    return plain(value)[:_LONGEST]


def _any(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _short(value)
    return number(value) if isinstance(value, int) else f"{value:,.6g}"


def _count(value: Any) -> str:
    return number(int(value))


def _size(value: Any) -> str:
    return size(int(value))


def _rate(value: Any) -> str:
    return f"{float(value):,.1f}"


def _seconds(value: Any) -> str:
    return span(float(value))


def _moment(value: Any) -> str:
    return exact(datetime.fromisoformat(value))


_ANSWERS = lazy_gettext("Requests and answers")
_ITEMS = lazy_gettext("Items")
_FRONTIER = lazy_gettext("Frontier")
_LEFT_OUT = lazy_gettext("Left out")
_TROUBLE = lazy_gettext("Errors and warnings")
_TIME = lazy_gettext("Time and memory")
_OTHER = lazy_gettext("Other")
_GROUPS = (_ANSWERS, _ITEMS, _FRONTIER, _LEFT_OUT, _TROUBLE, _TIME, _OTHER)

_KNOWN = {
    "downloader/request_count": _Known(_ANSWERS, lazy_gettext("Requests sent"), _count),
    "downloader/request_method_count/": _Known(
        _ANSWERS, lazy_gettext("Requests by method: %(name)s"), _count
    ),
    "downloader/request_bytes": _Known(_ANSWERS, lazy_gettext("Sent"), _size),
    "downloader/response_count": _Known(_ANSWERS, lazy_gettext("Answers"), _count),
    "downloader/response_status_count/": _Known(
        _ANSWERS, lazy_gettext("Answers with status %(name)s"), _count
    ),
    "downloader/response_bytes": _Known(_ANSWERS, lazy_gettext("Received"), _size),
    "httpcompression/response_count": _Known(_ANSWERS, lazy_gettext("Compressed answers"), _count),
    "httpcompression/response_bytes": _Known(
        _ANSWERS, lazy_gettext("Their size when unpacked"), _size
    ),
    "response_received_count": _Known(_ANSWERS, lazy_gettext("Answers that were read"), _count),
    "retry/count": _Known(_ANSWERS, lazy_gettext("Repeated requests"), _count),
    "retry/max_reached": _Known(_ANSWERS, lazy_gettext("Given up after repeating"), _count),
    "retry/reason_count/": _Known(_ANSWERS, lazy_gettext("Repeated for %(name)s"), _count),
    "kumo/cache_unchanged": _Known(
        _ANSWERS, lazy_gettext("Pages that were unchanged and not sent again"), _count
    ),
    "kumo/cache_saved_bytes": _Known(_ANSWERS, lazy_gettext("Not sent again"), _size),
    "kumo/cache_kept": _Known(
        _ANSWERS, lazy_gettext("Pages kept until they are asked for again"), _count
    ),
    "kumo/cache_fetched_again": _Known(
        _ANSWERS, lazy_gettext("Unchanged pages that were not kept, and were fetched again"), _count
    ),
    "httpcache/": _Known(_ANSWERS, lazy_gettext("Cache: %(name)s"), _any),
    "robotstxt/request_count": _Known(_ANSWERS, lazy_gettext("Requests for robots.txt"), _count),
    "robotstxt/response_count": _Known(_ANSWERS, lazy_gettext("Answers for robots.txt"), _count),
    "robotstxt/response_status_count/": _Known(
        _ANSWERS, lazy_gettext("Answers for robots.txt with status %(name)s"), _count
    ),
    "item_scraped_count": _Known(_ITEMS, lazy_gettext("Items handed over"), _count),
    "item_dropped_count": _Known(_ITEMS, lazy_gettext("Items dropped"), _count),
    "item_dropped_reasons_count/": _Known(
        _ITEMS, lazy_gettext("Items dropped for %(name)s"), _count
    ),
    "items_per_minute": _Known(_ITEMS, lazy_gettext("Items a minute"), _rate),
    "file_count": _Known(_ITEMS, lazy_gettext("Files"), _count),
    "file_status_count/": _Known(_ITEMS, lazy_gettext("Files: %(name)s"), _count),
    "scheduler/enqueued": _Known(_FRONTIER, lazy_gettext("Requests put in"), _count),
    "scheduler/dequeued": _Known(_FRONTIER, lazy_gettext("Requests taken out"), _count),
    "scheduler/": _Known(_FRONTIER, lazy_gettext("Requests: %(name)s"), _any),
    "kumo/requests_in_memory": _Known(
        _FRONTIER, lazy_gettext("Requests that only memory could hold"), _count
    ),
    "request_depth_max": _Known(_FRONTIER, lazy_gettext("Links from a start page, most"), _count),
    "request_depth_count/": _Known(
        _FRONTIER, lazy_gettext("Requests %(name)s links from a start page"), _count
    ),
    "dupefilter/filtered": _Known(_LEFT_OUT, lazy_gettext("Requests made before"), _count),
    "offsite/filtered": _Known(_LEFT_OUT, lazy_gettext("Requests to other sites"), _count),
    "offsite/domains": _Known(_LEFT_OUT, lazy_gettext("Other sites"), _count),
    "robotstxt/forbidden": _Known(
        _LEFT_OUT, lazy_gettext("Requests that robots.txt forbids"), _count
    ),
    "httperror/response_ignored_count": _Known(
        _LEFT_OUT, lazy_gettext("Answers with a status of failure"), _count
    ),
    "httperror/response_ignored_status_count/": _Known(
        _LEFT_OUT, lazy_gettext("Answers left out for status %(name)s"), _count
    ),
    "depth/request_ignored_count": _Known(
        _LEFT_OUT, lazy_gettext("Requests too many links away"), _count
    ),
    "urllength/request_ignored_count": _Known(
        _LEFT_OUT, lazy_gettext("Requests with too long an address"), _count
    ),
    "downloader/exception_count": _Known(
        _TROUBLE, lazy_gettext("Requests that failed on the way"), _count
    ),
    "downloader/exception_type_count/": _Known(
        _TROUBLE, lazy_gettext("Failed on the way: %(name)s"), _count
    ),
    "spider_exceptions/count": _Known(_TROUBLE, lazy_gettext("Errors in the spider"), _count),
    "spider_exceptions/": _Known(_TROUBLE, lazy_gettext("Errors in the spider: %(name)s"), _count),
    "log_count/": _Known(_TROUBLE, lazy_gettext("Log lines: %(name)s"), _count),
    "start_time": _Known(_TIME, lazy_gettext("Began"), _moment),
    "finish_time": _Known(_TIME, lazy_gettext("Ended"), _moment),
    "finish_reason": _Known(_TIME, lazy_gettext("How Scrapy says it ended"), _short),
    "elapsed_time_seconds": _Known(_TIME, lazy_gettext("Took"), _seconds),
    "responses_per_minute": _Known(_TIME, lazy_gettext("Answers a minute"), _rate),
    "memusage/startup": _Known(_TIME, lazy_gettext("Memory at the start"), _size),
    "memusage/max": _Known(_TIME, lazy_gettext("Memory at most"), _size),
}

FILTERS: dict[str, Callable[..., Any]] = {"grouped": grouped, "spared": spared}
