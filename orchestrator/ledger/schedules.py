"""Cron lines, zones and occasions: pure functions, no clock and no database.

An occasion is a moment a schedule names. Around daylight-saving jumps the rules are cron's: a time
that the clock jumps over happens right after the jump, one that comes twice happens once.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from orchestrator.exceptions import ScheduleInvalid


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
    return _first(cron, until.astimezone(zone) + timedelta(minutes=1), reverse=True)


def _first(cron: str, moment: datetime, *, reverse: bool) -> datetime:
    if len(cron.split()) != 5:
        raise ScheduleInvalid(f"{cron!r} is no cron line: it needs five fields, like 30 3 * * *")
    try:
        return next(CronSim(cron, moment, reverse=reverse)).astimezone(UTC)
    except CronSimError as error:
        raise ScheduleInvalid(f"{cron!r} is no cron line: {error}") from error
    except StopIteration as error:
        raise ScheduleInvalid(f"{cron!r} never comes") from error
