"""For how long each kind of row is kept: what the installation says, or one number for all."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Self

from sqlalchemy import func, select

from orchestrator import config, database
from orchestrator.exceptions import Invalid

_MOST_DAYS = 36_500
#: What pages have prepared for their next look, and workers that were not seen again.
_REST_DAYS = 30
#: A draft is made in minutes; its pages take room.
_DRAFT_DAYS = 7
#: Nothing is older.
_NEVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Retention:
    """Days by kind; 0 = for ever."""

    #: Ended jobs, with all that hangs on them.
    jobs: int
    #: The log and the progress of ended jobs, where these go before their jobs.
    logs: int
    #: Items that no crawl has seen.
    items: int
    #: What items were before, and when they were gone.
    changes: int
    #: What people were told by alerts.
    messages: int
    #: Who did what.
    audit: int = 0
    #: Files of exports, listings, cached pages, lost workers.
    rest: int = _REST_DAYS
    drafts: int = _DRAFT_DAYS

    @classmethod
    def configured(cls) -> Self:
        settings = config.get()
        jobs, logs = settings.keep_jobs_days, settings.keep_log_days
        return cls(
            jobs=jobs,
            logs=jobs if logs is None else logs,
            items=settings.keep_items_days,
            changes=settings.keep_changes_days,
            messages=settings.keep_messages_days,
            audit=settings.keep_audit_days,
        )

    @classmethod
    def of(cls, days: int) -> Self:
        """So many days for everything but who did what. Raises Invalid."""
        if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= _MOST_DAYS:
            raise Invalid(
                f"Clean-up keeps a whole number of days from 1 to {_MOST_DAYS:,}, not {days!r:.50}."
            )
        return cls(days, days, days, days, days, rest=days, drafts=min(days, _DRAFT_DAYS))


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """The moments before which rows of each kind may go."""

    now: datetime
    jobs: datetime
    logs: datetime
    items: datetime
    changes: datetime
    messages: datetime
    audit: datetime
    rest: datetime
    drafts: datetime

    @classmethod
    def of(cls, retention: Retention) -> Self:
        """By the database's clock."""
        with database.transaction() as session:
            now: datetime = session.scalar(select(func.now()))  # type: ignore[assignment]
        kinds = (each.name for each in fields(retention))
        return cls(now, **{kind: _before(now, getattr(retention, kind)) for kind in kinds})

    def ago(self, days: int) -> datetime:
        """So many days ago; 0 = before all that is."""
        return _before(self.now, days)


def _before(now: datetime, days: int) -> datetime:
    return now - timedelta(days=days) if days else _NEVER
