"""What a schedule will do: its sentence and its next occasions, or what is wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import get_timezone

from orchestrator import config
from orchestrator.exceptions import ScheduleInvalid
from orchestrator.ledger import schedules, spreads, starts, targets
from orchestrator.ledger.models import ScrapingTarget
from orchestrator.ledger.schedules import Occasion
from orchestrator.ledger.windows import Window

_OCCASIONS = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """What decides when a target starts, as somebody may be typing it."""

    schedule: str | None
    timezone: str | None
    window: str | None = None
    #: None = the installation's default.
    spread_seconds: int | None = None
    #: None while the target is not there yet: where in the spread it starts is told by its id.
    target_id: int | None = None


@dataclass(frozen=True, slots=True)
class Coming:
    """An occasion, and when its crawl starts."""

    occasion: Occasion
    starts_at: datetime
    #: It comes while the window is closed.
    waits: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """A schedule as it would go on from now."""

    cron: str
    zone: ZoneInfo
    #: Where whoever looks at it is.
    reader: ZoneInfo
    #: It is the installation's default.
    nightly: bool
    coming: Sequence[Coming] = ()
    window: Window | None = None
    #: Over how long its starts are spread, of occasions that are the farthest apart.
    spread_seconds: int = 0
    fault: str = ""


def of_target(target: ScrapingTarget) -> Preview:
    return of(
        Asked(
            target.schedule, target.timezone, target.crawl_window, target.spread_seconds, target.id
        )
    )


def of(asked: Asked) -> Preview:
    """Of what a target says, or of what somebody is about to say."""
    schedule, timezone = (asked.schedule or "").strip(), (asked.timezone or "").strip()
    reader, home = ZoneInfo(str(get_timezone())), config.get().zone
    try:
        named = schedules.zone(timezone).key if timezone else None
        cron, zone = targets.timing(schedules.check(schedule) if schedule else None, named)
        text = (asked.window or "").strip()
        window = Window.read(text, ZoneInfo(named) if named else home) if text else None
        occasions = schedules.upcoming(cron, zone, datetime.now(UTC), _OCCASIONS)
    except ScheduleInvalid as error:
        return Preview(schedule, home, reader, not schedule, fault=error.args[0])
    own = asked.spread_seconds
    widths = [starts.spread_seconds(each.at, cron, zone, own) for each in occasions]
    pairs = zip(occasions, widths, strict=True)
    coming = [_coming(each, width, window, asked.target_id) for each, width in pairs]
    widest = max(widths, default=0)
    return Preview(cron, zone, reader, not schedule, coming, window, widest)


def _coming(occasion: Occasion, width: int, window: Window | None, target_id: int | None) -> Coming:
    late = spreads.wait(target_id, occasion.at, within=width) if target_id else timedelta()
    begin = occasion.at + late
    starts_at = window.admit(begin, late=late) if window else begin
    return Coming(occasion, starts_at, waits=starts_at != begin)
