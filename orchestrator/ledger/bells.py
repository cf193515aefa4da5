"""Bells: which pending jobs somebody should be told to look at, and when they were last told.

A bell is a Celery message and may be lost; what is written here is only when it was rung.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, func, literal, or_, select, true, update
from sqlalchemy.orm import Session

from orchestrator.ledger.models import JobStatus, Queue, ScrapingJob


def is_due() -> ColumnElement[bool]:
    """The job waits, and may be claimed now."""
    return and_(ScrapingJob.status == JobStatus.PENDING, ScrapingJob.run_after <= func.now())


def queue() -> ColumnElement[str]:
    """The name of the queue in which the job's bell is rung."""
    renders = ScrapingJob.definition["render"].as_boolean()
    kind = case((renders, str(Queue.BROWSER)), else_=str(Queue.CRAWLS))
    # Of a job without a tag the second part is null, which adds nothing.
    return func.concat(kind, literal(".") + ScrapingJob.definition["worker_tag"].astext)


def is_rung_in(queues: Collection[str] | None) -> ColumnElement[bool]:
    """The job's bell is rung in one of these queues; None = whichever it is."""
    return true() if queues is None else queue().in_(queues)


def queue_of(definition: Mapping[str, Any]) -> str:
    """Likewise, of what a job carries."""
    kind = Queue.BROWSER if definition.get("render") else Queue.CRAWLS
    return kind.of(definition.get("worker_tag"))


def ring_later(session: Session, job_ids: Sequence[uuid.UUID]) -> None:
    """Marks jobs whose bell could not be rung, so that the next sweep rings it."""
    session.execute(update(ScrapingJob).where(ScrapingJob.id.in_(job_ids)).values(rung_at=None))


def unanswered(
    session: Session, where: str, *, ring_again_seconds: float, most: int
) -> Sequence[Row[uuid.UUID, int, int]]:
    """Due jobs whose bell in that queue nobody answered, oldest first, marked as rung now."""
    patience = func.make_interval(0, 0, 0, 0, 0, 0, ring_again_seconds)
    waiting = (
        select(ScrapingJob.id)
        .where(
            is_due(),
            queue() == where,
            or_(ScrapingJob.rung_at.is_(None), ScrapingJob.rung_at < func.now() - patience),
        )
        .order_by(ScrapingJob.priority, ScrapingJob.queued_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return session.execute(
        update(ScrapingJob)
        .where(ScrapingJob.id.in_(waiting))
        .values(rung_at=func.now())
        .returning(ScrapingJob.id, ScrapingJob.target_id, ScrapingJob.priority)
    ).all()


def count_due(session: Session) -> int:
    """How many jobs could be claimed now."""
    return session.scalar(select(func.count()).select_from(ScrapingJob).where(is_due())) or 0


def due_by_queue(session: Session, *, most: int) -> dict[str, int]:
    """How many jobs could be claimed now, by queue; of more than so many queues any."""
    where = queue().label("queue")
    query = select(where, func.count()).where(is_due()).group_by(where)
    # Else the same ones would be left out each time.
    return dict(session.execute(query.order_by(func.random()).limit(most)).all())
