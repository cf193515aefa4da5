"""Cron lines, zones and occasions: pure functions, no clock and no database.

An occasion is a moment a schedule names. Around daylight-saving jumps the rules are cron's: a time
that the clock jumps over happens right after the jump, one that comes twice happens once.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from orchestrator.exceptions import ScheduleInvalid

#: Far beyond any schedule a person means; what is longer only keeps the parser busy.
_LONGEST = 200


def check(cron: str) -> str:
    """The line itself, with single spaces. Raises ScheduleInvalid with what is wrong."""
    next_occasion(cron, ZoneInfo("UTC"), after=datetime(2000, 1, 1, tzinfo=UTC))
    return " ".join(cron.split())


def next_occasion(cron: str, zone: ZoneInfo, *, after: datetime) -> datetime:
    """The first occasion later than `after`, in UTC."""
    return _first(cron, after.astimezone(zone), reverse=False)


def latest_occasion(cron: str, zone: ZoneInfo, *, until: datetime) -> datetime:
    """The last occasion at or before `until`, in UTC."""
    # Going backwards the library leaves out the minute it starts from.
    minute = until.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    return _first(cron, minute.astimezone(zone), reverse=True)


def _first(cron: str, moment: datetime, *, reverse: bool) -> datetime:
    if len(cron.split()) != 5 or len(cron) > _LONGEST:
        fields = "it needs five short fields, like 30 3 * * *"
        raise ScheduleInvalid(f"{cron[:_LONGEST]!r} is no cron line: {fields}")
    try:
        return next(CronSim(cron, moment, reverse=reverse)).astimezone(UTC)
    except CronSimError as error:
        raise ScheduleInvalid(f"{cron!r} is no cron line: {error}") from error
    except StopIteration as error:
        raise ScheduleInvalid(f"{cron!r} never comes") from error
