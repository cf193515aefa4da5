"""Which targets nothing is going on at: only their items may go."""

from typing import Any

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from orchestrator.ledger.models import ACTIVE, ScrapingJob, ScrapingTarget

_Job = aliased(ScrapingJob)


def target(target_id: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """True where no job of that target is active."""
    # Not by EXISTS: the planner would join, and walk the items in the order of their targets.
    return target_id.not_in(select(_Job.target_id).where(_Job.status.in_(ACTIVE)))


def held(session: Session, target_id: int) -> bool:
    """Locks a target so that no job of it can begin; False when one is active or beginning.

    Otherwise a crawl that found an item could lose it before it writes down what had changed.
    """
    lock = select(ScrapingTarget.id).where(ScrapingTarget.id == target_id)
    if session.scalar(lock.with_for_update(skip_locked=True)) is None:
        return False
    # A statement of its own: it sees what was committed before the lock was ours.
    active: Any = exists().where(_Job.target_id == target_id, _Job.status.in_(ACTIVE))
    return not session.scalar(select(active))
