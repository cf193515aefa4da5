"""Workers: each writes down that it lives; nobody else can tell a quiet one from a dead one.

Age is told by the database's clock, so a worker whose own clock is wrong is no deader for it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, case, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from orchestrator import config
from orchestrator.ledger.models import Worker

#: The queue of those that crawl, as the Celery app names it.
CRAWLS = "crawls"

_LEAST_PATIENCE = timedelta(seconds=45)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a worker says of itself, each time the same but for its memory."""

    name: str
    pid: int
    queues: list[str]
    slots: int
    memory_bytes: int
    versions: dict[str, str] = field(default_factory=dict)


def seen(session: Session, worker: Seen) -> None:
    """Writes down that this worker lives; a new process of its name has started just now."""
    row = insert(Worker).values(**asdict(worker))
    again = and_(Worker.pid == row.excluded.pid, Worker.stopped_at.is_(None))
    values = {name: row.excluded[name] for name in asdict(worker)}
    session.execute(
        row.on_conflict_do_update(
            index_elements=[Worker.name],
            set_=values
            | {
                "started_at": case((again, Worker.started_at), else_=func.now()),
                "seen_at": func.now(),
                "stopped_at": None,
            },
        )
    )


def knows(session: Session, name: str, spiders: Sequence[str]) -> None:
    """Writes down which spiders a worker can run."""
    session.execute(update(Worker).where(Worker.name == name).values(spiders=list(spiders)))


def stopped(session: Session, name: str, pid: int) -> None:
    """Writes down that it was told to stop, unless another process has its name by now."""
    session.execute(
        update(Worker).where(Worker.name == name, Worker.pid == pid).values(stopped_at=func.now())
    )


def all_known(session: Session) -> Sequence[Worker]:
    """Every worker that has ever said a word, by name."""
    return session.scalars(select(Worker).order_by(Worker.name)).all()


def is_living() -> ColumnElement[bool]:
    """It has been heard of lately and was not told to stop."""
    return and_(Worker.stopped_at.is_(None), Worker.seen_at > func.now() - patience())


def serves(queue: str) -> ColumnElement[bool]:
    return literal(queue) == func.any(Worker.queues)


def patience() -> timedelta:
    """How long a living worker may be quiet: three sweeps, and a while at the least."""
    return max(_LEAST_PATIENCE, 3 * timedelta(seconds=config.get().sweep_seconds))
