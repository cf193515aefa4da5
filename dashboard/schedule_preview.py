"""What a schedule will do: its sentence and its next occasions, or what is wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask_babel import get_timezone

from orchestrator import config
from orchestrator.exceptions import ScheduleInvalid
from orchestrator.ledger import schedules, targets
from orchestrator.ledger.schedules import Occasion

_OCCASIONS = 10


@dataclass(frozen=True, slots=True)
class Preview:
    """A schedule as it would go on from now."""

    cron: str
    zone: ZoneInfo
    #: Where whoever looks at it is.
    reader: ZoneInfo
    #: It is the installation's default.
    nightly: bool
    occasions: Sequence[Occasion] = ()
    fault: str = ""


def of(schedule: str | None, timezone: str | None) -> Preview:
    """Of what a target says, or of what somebody is about to say."""
    schedule, timezone = (schedule or "").strip(), (timezone or "").strip()
    reader = ZoneInfo(str(get_timezone()))
    try:
        named = schedules.zone(timezone).key if timezone else None
        cron, zone = targets.timing(schedules.check(schedule) if schedule else None, named)
        occasions = schedules.upcoming(cron, zone, datetime.now(UTC), _OCCASIONS)
    except ScheduleInvalid as error:
        return Preview(schedule, config.get().zone, reader, not schedule, fault=error.args[0])
    return Preview(cron, zone, reader, not schedule, occasions)
