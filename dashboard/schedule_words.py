"""Cron lines and occasions in plain sentences.

The library that reads cron lines explains them in English only, so the shapes that people use have
sentences of our own, in every language; a line of another shape is explained in English and shown
as it stands to other readers. A sentence here is never nearly right: what a shape does not hold
exactly is another shape.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_datetime, get_day_names
from babel.lists import format_list
from cronsim import CronSim
from flask_babel import get_locale, gettext

from dashboard import languages

_DAYS = {"SUN": 0, "MON": 1, "TUE": 2, "WED": 3, "THU": 4, "FRI": 5, "SAT": 6}
_NUMBER = re.compile(r"[0-9]{1,2}")
_STEP = re.compile(r"\*/([0-9]{1,2})")


def cron(line: str) -> str:
    """A schedule in a plain sentence."""
    minute, hour, *date = line.upper().split()
    if (told := _told(minute, hour, tuple(date))) is not None:
        return told
    if languages.current() == "en":
        return str(CronSim(line, datetime.now(UTC)).explain())
    return line


def there(at: datetime, zone: ZoneInfo) -> str:
    """Day and time as the clocks of a zone show them."""
    pattern = gettext("EEE d MMM y, HH:mm")
    return str(format_datetime(at, pattern, tzinfo=zone, locale=get_locale()))


def _told(minute: str, hour: str, date: tuple[str, ...]) -> str | None:
    if date == ("*", "*", "*") and (often := _several_times_a_day(minute, hour)):
        return often
    times = _times(minute, hour)
    if times is None:
        return None
    match date:
        case ("*", "*", "*"):
            return str(gettext("Every day at %(times)s", times=times))
        case ("*", "*", week) if days := _weekdays(week):
            return str(gettext("Every %(days)s at %(times)s", days=days, times=times))
        case (day, "*", "*") if _NUMBER.fullmatch(day):
            return _monthly(int(day), times)
    return None


def _several_times_a_day(minute: str, hour: str) -> str | None:
    if hour == "*":
        if minute in ("*", "*/1"):
            return str(gettext("Every minute"))
        if step := _even_step(minute, 60):
            return str(gettext("Every %(count)s minutes", count=step))
        if _NUMBER.fullmatch(minute):
            return str(gettext("Every hour, at :%(minute)s", minute=minute.zfill(2)))
    elif (step := _even_step(hour, 24)) and _NUMBER.fullmatch(minute):
        first = f"00:{minute.zfill(2)}"
        return str(gettext("Every %(count)s hours from %(first)s on", count=step, first=first))
    return None


def _even_step(field: str, whole: int) -> int | None:
    """The step of a field that divides the whole evenly; others pause at its end."""
    match = _STEP.fullmatch(field)
    step = int(match[1]) if match else 0
    return step if step > 1 and whole % step == 0 else None


def _times(minute: str, hour: str) -> str | None:
    hours = hour.split(",")
    if not _NUMBER.fullmatch(minute) or not all(map(_NUMBER.fullmatch, hours)):
        return None
    return _listed([f"{each:02}:{int(minute):02}" for each in sorted(set(map(int, hours)))])


def _weekdays(field: str) -> str | None:
    days: set[int] = set()
    for part in field.split(","):
        first, _, last = part.partition("-")
        ends = [_weekday(end) for end in ((first, last) if last else (first, first))]
        if None in ends or "/" in part:
            return None
        days.update(range(ends[0], ends[1] + 1))  # type: ignore[arg-type, operator]
    names = get_day_names("wide", locale=get_locale())
    # Sunday is 0 and 7; the week is told from Monday on.
    return _listed([names[each] for each in sorted({(day - 1) % 7 for day in days})])


def _weekday(word: str) -> int | None:
    if re.fullmatch("[0-7]", word):
        return int(word)
    return _DAYS.get(word)


def _monthly(day: int, times: str) -> str:
    if day > 28:
        return str(
            gettext("On day %(day)s of each month that has one, at %(times)s", day=day, times=times)
        )
    return str(gettext("On day %(day)s of each month, at %(times)s", day=day, times=times))


def _listed(words: list[str]) -> str:
    return str(format_list(words, locale=get_locale()))


FILTERS: dict[str, Callable[..., Any]] = {"cron": cron, "there": there}
