"""Workers: each writes down that it lives; nobody else can tell a quiet one from a dead one.

Age is told by the database's clock, so a worker whose own clock is wrong is no deader for it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from orchestrator import config
from orchestrator.ledger.models import Queue, Worker

_LEAST_PATIENCE = timedelta(seconds=45)
#: A worker that was not seen for so long will not come back.
_REMEMBERED = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a worker says of itself, each time the same but for its memory."""

    name: str
    pid: int
    queues: list[str]
    slots: int
    memory_bytes: int
    versions: dict[str, str] = field(default_factory=dict)
    #: None = it does not know yet, and what was known of it before stays.
    spiders: list[str] | None = None


def begin(session: Session, worker: Seen) -> datetime:
    """Writes down that a worker has started, and forgets those that are long gone.

    When it started is what tells it from an earlier process of its name.
    """
    session.execute(delete(Worker).where(Worker.seen_at < func.now() - _REMEMBERED))
    values = _values(worker)
    fresh = {"started_at": func.now(), "seen_at": func.now(), "stopped_at": None}
    began: datetime = session.scalar(  # type: ignore[assignment]
        insert(Worker)
        .values(**values)
        .on_conflict_do_update(index_elements=[Worker.name], set_=values | fresh)
        .returning(Worker.started_at)
    )
    return began


def seen(session: Session, worker: Seen, began: datetime) -> None:
    """Writes down that it still lives, unless another process has its name by now."""
    session.execute(_own(worker.name, began).values(**_values(worker), seen_at=func.now()))


def stopped(session: Session, name: str, began: datetime) -> None:
    """Writes down that it was told to stop."""
    session.execute(_own(name, began).values(stopped_at=func.now()))


def all_known(session: Session, *, most: int = 100) -> Sequence[Row[Worker, bool]]:
    """Every worker that is not forgotten, and whether it lives; those that do first, by name."""
    living = is_living()
    return session.execute(
        select(Worker, living).order_by(living.desc(), Worker.name).limit(most)
    ).all()


def count_by_queue(session: Session) -> dict[str, int]:
    """How many living workers serve each queue that is served."""
    queue = func.unnest(Worker.queues).label("queue")
    each = select(queue).where(is_living()).subquery()
    counted = select(each.c.queue, func.count()).group_by(each.c.queue)
    return dict(session.execute(counted).all())


def tags(session: Session) -> list[str]:
    """The tags that living workers were started for."""
    return sorted({queue.partition(".")[2] for queue in count_by_queue(session)} - {""})


def is_living() -> ColumnElement[bool]:
    """It has been heard of lately and was not told to stop."""
    return and_(Worker.stopped_at.is_(None), Worker.seen_at > func.now() - patience())


def serves(queue: str) -> ColumnElement[bool]:
    """It serves the queue of that name."""
    return literal(queue) == func.any(Worker.queues)


def crawls(kind: Queue) -> ColumnElement[bool]:
    """It serves a queue of that kind, for whichever tag."""
    return func.array_to_string(Worker.queues, ",").regexp_match(rf"(^|,){kind}([.,]|$)")


def patience() -> timedelta:
    """How long a living worker may be quiet: three sweeps, and a while at the least."""
    return max(_LEAST_PATIENCE, 3 * timedelta(seconds=config.get().sweep_seconds))


def _own(name: str, began: datetime):  # type: ignore[no-untyped-def]  # Update[Worker] has no public name
    return update(Worker).where(Worker.name == name, Worker.started_at == began)


def _values(worker: Seen) -> dict[str, Any]:
    values = asdict(worker)
    return {name: value for name, value in values.items() if value is not None}
