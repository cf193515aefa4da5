"""Changes of each kind, filters of them, a feed, and somebody who has seen some."""

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from orchestrator.ledger import feeds, marks, saved_filters
from orchestrator.ledger.filters import ChangeFilter, Move
from orchestrator.ledger.models import (
    ChangeSet,
    ItemAbsence,
    ItemRevision,
    ScrapedItem,
    ScrapingJob,
    User,
)


def furnish(session: Session, job: ScrapingJob) -> None:
    """Fills the feed with what this job changed, beside the items it found."""
    items = session.scalars(
        select(ScrapedItem).where(ScrapedItem.last_job_id == job.id).order_by(ScrapedItem.id)
    ).all()
    for number, item in enumerate(items[5:15]):
        before = {"price": 900 + number, "colour": "青 " * number}
        revision = ItemRevision(item_id=item.id, job_id=job.id, data=before, content_hash=b"z")
        revision.added = ["in_stock"]
        session.add(revision)
    for number, item in enumerate(items[15:18]):
        absence = ItemAbsence(item_id=item.id, gone_job_id=job.id, gone_at=job.completed_at)
        if number:
            absence.back_job_id, absence.back_at = job.id, func.now()
        session.add(absence)
    session.flush()
    session.merge(
        ChangeSet(
            job_id=job.id, target_id=job.target_id, found=25, changed=10, gone=3, back=2,
            at=func.now(),
        )
    )  # fmt: skip
    _people(session)


def _people(session: Session) -> None:
    dear = ChangeFilter(field="price", move=Move.ROSE, tag="shops")
    saved = saved_filters.save(session, "dearer <b>pens</b>", dear)
    for user in session.scalars(select(User)).all():
        feeds.make(session, user.id)
        feeds.make(session, user.id, filter_id=saved.id)
        then = session.scalar(select(func.now())) or user.created_at
        marks.mark(session, user.id, then - timedelta(hours=1))
