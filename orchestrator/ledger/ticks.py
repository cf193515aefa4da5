"""Signs of life of the parts that work by the clock."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Interval, func, select, type_coerce
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from orchestrator.ledger.models import Tick

BEAT, SWEEP = "beat", "sweep"
#: Until when search knows what was found, and when it began to read the first time.
SEARCH, SEARCH_BEGAN = "search", "search_began"

_SWEEP_LOCK = 0x6B756D6F5F73


def tick(session: Session, name: str, *, at: datetime | None = None) -> None:
    """Writes down that `name` is alive now, or was at that time."""
    moment = at or func.now()
    session.execute(
        insert(Tick)
        .values(name=name, at=moment)
        .on_conflict_do_update(index_elements=[Tick.name], set_={"at": moment})
    )


def tick_once(session: Session, name: str) -> None:
    """Likewise the first time, and never again."""
    session.execute(insert(Tick).values(name=name).on_conflict_do_nothing())


def now(session: Session) -> datetime:
    """The database's clock, the one that schedules and leases go by."""
    moment: datetime = session.scalar(select(func.now()))  # type: ignore[assignment]
    return moment


def ages(session: Session) -> dict[str, timedelta]:
    """How long ago each was last alive, by the database's own clock."""
    age: ColumnElement[timedelta] = type_coerce(func.now() - Tick.at, Interval)
    return dict(session.execute(select(Tick.name, age)).all())


def take_turn(session: Session) -> bool:
    """True for one transaction at a time: that one sweeps, others leave it to it."""
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(_SWEEP_LOCK))))
