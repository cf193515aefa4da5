"""Signs of life of the parts that work by the clock."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from orchestrator.ledger.models import Tick

BEAT, SWEEP = "beat", "sweep"


def tick(session: Session, name: str) -> None:
    """Writes down that `name` is alive now."""
    session.execute(
        insert(Tick)
        .values(name=name)
        .on_conflict_do_update(index_elements=[Tick.name], set_={"at": func.now()})
    )


def last(session: Session) -> dict[str, datetime]:
    """When each was last alive."""
    return {row.name: row.at for row in session.scalars(select(Tick))}
