"""Times and spans as people read them: in their language, in their zone."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from flask_babel import format_date, get_timezone
from markupsafe import Markup, escape

from dashboard.languages import here, noted, text

_STEPS = (86_400, 3_600, 60, 1)
_NEAR = {-1: noted("yesterday"), 0: noted("today"), 1: noted("tomorrow")}
_UNITS = (noted("%(count)s d"), noted("%(count)s h"), noted("%(count)s min"), noted("%(count)s s"))
_AGO, _AHEAD = noted("%(span)s ago"), noted("in %(span)s")
_NOW, _SOON = noted("just now"), noted("in a moment")
_BOTH = noted("%(larger)s %(smaller)s")


def duration(span: timedelta) -> str:
    """The two largest units: 12 s, 3 min 5 s, 2 d 4 h."""
    larger, *rest = _units(span)
    return text(_BOTH) % {"larger": larger, "smaller": rest[0]} if rest else larger


def span(seconds: float) -> str:
    return duration(timedelta(seconds=seconds))


def rough(span: timedelta) -> str:
    """The largest unit alone, for how long ago something was."""
    return _unit(*_largest(abs(span).total_seconds()))


def exact(at: datetime) -> str:
    """To the second, with the name of the zone."""
    return _there(at).strftime("%Y-%m-%d %H:%M:%S %Z")


def clock(at: datetime, seconds: bool = False) -> str:
    """Hours and minutes, and seconds where they matter."""
    return _there(at).strftime("%H:%M:%S" if seconds else "%H:%M")


def day(at: datetime) -> str:
    """The day as one thinks of it: today, tomorrow, Friday, else its date."""
    there, today = _there(at).date(), _there(datetime.now(UTC)).date()
    near = _NEAR.get((there - today).days)
    return text(near) if near else _date(there, today)


def occasion(at: datetime) -> str:
    """Day and time: tomorrow 00:00."""
    return f"{day(at)} {clock(at)}"


def moment(at: datetime, now: datetime) -> Markup:
    """How long ago or ahead, the exact time on hover."""
    return told(at, ago(at, now))


def told(at: datetime, words: str) -> Markup:
    """A time in these words, the exact one on hover."""
    title, words = escape(exact(at)), escape(words)
    return Markup(  # noqa: S704  # a time and texts of ours
        f'<time datetime="{at.isoformat()}" title="{title}">{words}</time>'
    )


def ago(at: datetime, now: datetime) -> str:
    """How long ago or ahead, without the time itself."""
    seconds = (now - at).total_seconds()
    if -1 < seconds < 5:
        return text(_NOW)
    if -5 < seconds < 0:
        return text(_SOON)
    return _away(here(), _AGO if seconds > 0 else _AHEAD, *_largest(abs(seconds)))


# A list says it of every row, and most rows say the same.
@lru_cache(4_096)
def _away(_: str, pattern: str, unit: int, count: int) -> str:
    return text(pattern) % {"span": _unit(unit, count)}


def _there(at: datetime) -> datetime:
    return at.astimezone(get_timezone())


def _date(there: date, today: date) -> str:
    if 0 < (there - today).days < 7:
        return str(format_date(there, "EEEE", rebase=False))
    pattern = text(noted("d MMM") if there.year == today.year else noted("d MMM y"))
    return str(format_date(there, pattern, rebase=False))


def _units(span: timedelta) -> list[str]:
    """The largest unit that is not zero, and the next one below it unless that is."""
    left = max(0, int(span.total_seconds()))
    counts = []
    for seconds in _STEPS:
        count, left = divmod(left, seconds)
        counts.append(count)
    first = next((at for at, count in enumerate(counts) if count), len(counts) - 1)
    second = [_unit(first + 1, count) for count in counts[first + 1 : first + 2] if count]
    return [_unit(first, counts[first]), *second]


def _largest(seconds: float) -> tuple[int, int]:
    """The largest unit that is not zero, and how many of it."""
    left = int(seconds)
    for unit, each in enumerate(_STEPS):
        if left >= each:
            return unit, left // each
    return len(_STEPS) - 1, 0


def _unit(at: int, count: int) -> str:
    return text(_UNITS[at]) % {"count": count}


FILTERS: dict[str, Callable[..., Any]] = {
    each.__name__: each
    for each in (duration, span, rough, exact, clock, day, occasion, moment, told, ago)
}
