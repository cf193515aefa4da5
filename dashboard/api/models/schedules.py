"""Schedules as the API tells them."""

from datetime import datetime

from pydantic import Field

from dashboard.api.models.shown import ListOf, Query, Shown
from dashboard.api.models.targets import TargetName
from dashboard.api.texts import Text


class Scheduled(Shown):
    """A target, and when its schedule starts it next."""

    target: TargetName
    cron: str
    """The line that counts: its own, or the installation's nightly one."""
    timezone: str
    """The zone that counts."""
    next_run_at: datetime | None
    """The occasion; its crawl starts a moment later where starts are spread."""


class ScheduledList(ListOf[Scheduled]):
    """A part of a list of schedules."""


class PreviewQuery(Query):
    """A schedule that somebody thinks of."""

    cron: Text = ""
    """A cron line; none: the installation's nightly one."""
    zone: Text = ""
    """Such as `Asia/Tokyo`; none: the installation's."""
    window: Text = ""
    """Times of day in which it may be crawled, as `22:00-06:00`."""
    spread_seconds: int | None = Field(None, ge=0, le=86_400)
    """None: the installation's."""


class Coming(Shown):
    """An occasion of a schedule."""

    at: datetime
    starts_at: datetime
    """When its crawl starts: later where the window is closed."""
    moved: bool
    """The clock jumps over the time that the line names, so this is right after the jump."""


class Preview(Shown):
    """What a schedule would do from now on."""

    cron: str
    timezone: str
    occasions: list[Coming]
    """The next ten."""
