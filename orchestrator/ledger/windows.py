"""Windows: the times of day in which a target may be crawled; pure functions, no clock.

Both ends are read as cron lines, so daylight-saving jumps have cron's rules: an end that the clock
jumps over comes right after the jump, one that comes twice comes the first time.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self
from unicodedata import normalize
from zoneinfo import ZoneInfo

from orchestrator.exceptions import ScheduleInvalid, Sentence
from orchestrator.ledger import schedules

_TIME = r"([01]?[0-9]|2[0-4]):([0-5][0-9])"
_SHAPE = re.compile(rf"\s*{_TIME}\s*[-–—〜~]\s*{_TIME}\s*")
_LONGEST = 40


@dataclass(frozen=True, slots=True)
class Window:
    """From one time of day until another, over midnight when that is the earlier one."""

    opens: str
    closes: str
    zone: ZoneInfo

    @classmethod
    def read(cls, text: str, zone: ZoneInfo) -> Self:
        """The window of `22:00-06:00`. Raises ScheduleInvalid."""
        # Japanese keyboards have digits, colons and dashes of their own.
        match = _SHAPE.fullmatch(normalize("NFKC", text[:_LONGEST]))
        if len(text) > _LONGEST or match is None:
            raise ScheduleInvalid(
                Sentence(
                    "%(text)r is no window; write two times of day, like 22:00-06:00",
                    text=text[:_LONGEST],
                )
            )
        opens, closes = _time(match[1], match[2]), _time(match[3], match[4])
        if opens == closes:
            raise ScheduleInvalid(
                Sentence("it opens and closes at %(time)s; leave it empty for all day", time=opens)
            )
        return cls(opens, closes, zone)

    def __str__(self) -> str:
        return f"{self.opens}-{self.closes}"

    def is_open(self, at: datetime) -> bool:
        opened = schedules.latest_occasion(_daily(self.opens), self.zone, until=at)
        return opened > schedules.latest_occasion(_daily(self.closes), self.zone, until=at)

    def next_opening(self, after: datetime) -> datetime:
        """The first moment later than `after` at which it opens, in UTC."""
        while True:
            after = schedules.next_occasion(_daily(self.opens), self.zone, after=after)
            # A jump of the clock may swallow a short window whole.
            if self.is_open(after):
                return after

    def closing(self, after: datetime) -> datetime:
        """When it closes, if it is open at `after`; in UTC."""
        return schedules.next_occasion(_daily(self.closes), self.zone, after=after)

    def admit(self, at: datetime, *, late: timedelta = timedelta()) -> datetime:
        """That moment if it is open then, else the next opening: by so much later if that fits."""
        if self.is_open(at):
            return at
        opening = self.next_opening(at)
        return opening + late if opening + late < self.closing(opening) else opening


def _time(hour: str, minute: str) -> str:
    if hour == "24" and minute != "00":
        raise ScheduleInvalid(Sentence("a day ends at %(time)s", time="24:00"))
    return f"{int(hour) % 24:02}:{minute}"


def _daily(time: str) -> str:
    hour, minute = time.split(":")
    return f"{int(minute)} {int(hour)} * * *"
