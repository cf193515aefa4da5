"""Cron lines, zones and occasions: pure functions, no clock and no database.

An occasion is a moment a schedule names. Around daylight-saving jumps the rules are cron's: a time
that the clock jumps over happens right after the jump, one that comes twice happens once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from orchestrator.config import zones
from orchestrator.exceptions import ScheduleInvalid, Sentence

#: Far beyond any schedule a person means; what is longer only keeps the parser busy.
_LONGEST = 200

#: What the library says of a line, in words that can be said in other languages.
_COMPLAINTS = {
    "Bad minute": Sentence("Bad minute"),
    "Bad hour": Sentence("Bad hour"),
    "Bad day-of-month": Sentence("Bad day-of-month"),
    "Bad month": Sentence("Bad month"),
    "Bad day-of-week": Sentence("Bad day-of-week"),
}


@dataclass(frozen=True, slots=True)
class Occasion:
    """A moment a schedule names, and what the clocks do about it."""

    #: In UTC.
    at: datetime
    #: By how much the clocks went forward since the occasion before; negative when back.
    clocks: timedelta
    #: The clock jumps over the time the schedule names, so this is right after the jump.
    moved: bool


def check(cron: str) -> str:
    """The line itself, with single spaces. Raises ScheduleInvalid with what is wrong."""
    next_occasion(cron, ZoneInfo("UTC"), after=datetime(2000, 1, 1, tzinfo=UTC))
    return " ".join(cron.split())


def zone(name: str) -> ZoneInfo:
    """The zone of that name. Raises ScheduleInvalid."""
    if name not in zones():
        shown = name[:100]
        raise ScheduleInvalid(
            Sentence("%(zone)r is no time zone; write one like Asia/Tokyo", zone=shown)
        )
    return ZoneInfo(name)


def next_occasion(cron: str, zone: ZoneInfo, *, after: datetime) -> datetime:
    """The first occasion later than `after`, in UTC."""
    return _first(cron, _later(cron, zone, after))


def latest_occasion(cron: str, zone: ZoneInfo, *, until: datetime) -> datetime:
    """The last occasion at or before `until`, in UTC."""
    # Going backwards the library leaves out the minute it starts from.
    minute = until.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    start = (minute + _repeated(minute.astimezone(zone))).astimezone(zone)
    return _first(cron, (at for at in _occasions(cron, start, reverse=True) if at <= until))


def upcoming(cron: str, zone: ZoneInfo, after: datetime, count: int) -> list[Occasion]:
    """The next occasions later than `after`; fewer when the schedule ends. Raises ScheduleInvalid.

    The first one's `clocks` are compared with those at `after`.
    """
    occasions: list[Occasion] = []
    before = after.astimezone(zone)
    for at in islice(_later(cron, zone, after), count):
        there = at.astimezone(zone)
        clocks = _offset(there) - _offset(before)
        occasions.append(Occasion(at, clocks, moved=not _names(cron, there)))
        before = there
    return occasions


def _later(cron: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    # The library goes by the clock on the wall: of an hour that comes twice it knows one.
    return (at for at in _occasions(cron, after.astimezone(zone)) if at > after)


def _repeated(there: datetime) -> timedelta:
    """By how much the clock went back, while it shows times for the second time."""
    return _offset(there.replace(fold=0)) - _offset(there) if there.fold else timedelta()


def _first(cron: str, occasions: Iterator[datetime]) -> datetime:
    found = next(occasions, None)
    if found is None:
        raise ScheduleInvalid(Sentence("%(cron)r never comes", cron=cron))
    return found


def _occasions(cron: str, moment: datetime, *, reverse: bool = False) -> Iterator[datetime]:
    if len(cron.split()) != 5 or len(cron) > _LONGEST:
        raise ScheduleInvalid(
            Sentence(
                "%(cron)r is no cron line: it needs five short fields, like 30 3 * * *",
                cron=cron[:_LONGEST],
            )
        )
    try:
        found = CronSim(cron, moment, reverse=reverse)
    except CronSimError as error:
        why = _COMPLAINTS.get(str(error), str(error))
        raise ScheduleInvalid(
            Sentence("%(cron)r is no cron line: %(why)s", cron=cron, why=why)
        ) from error
    return (each.astimezone(UTC) for each in found)


def _names(cron: str, there: datetime) -> bool:
    """Whether the line names that time of the clock on the wall."""
    wall = there.replace(tzinfo=UTC)
    return next(_occasions(cron, wall - timedelta(minutes=1)), None) == wall


def _offset(moment: datetime) -> timedelta:
    return moment.utcoffset() or timedelta()
