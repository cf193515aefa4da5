"""Change sets: that a job changed something, from the moment on when it is current.

They are read newest first. Their time is that of the clock and not of the transaction, which may
have begun a while ago: who has seen everything until now must not miss what is committed next.
"""

import uuid

from sqlalchemy import delete, func, literal_column, not_, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from orchestrator.ledger.models import ChangeSet, JobStatus, Publication, ScrapingJob

#: Of jobs that ended so something may stay.
_ENDED = (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)
_COUNTS = (
    ScrapingJob.items_new,
    ScrapingJob.items_changed,
    ScrapingJob.items_gone,
    ScrapingJob.items_back,
)
_COUNTED = ("found", "changed", "gone", "back")


def note(session: Session, job_id: uuid.UUID) -> bool:
    """What the job changed is current from now on; False when it changed nothing, or was noted.

    Nothing happens while it is held back, nor as long as it is not known what it did not see.
    """
    facts = (
        select(ScrapingJob.id, ScrapingJob.target_id, func.clock_timestamp(), *_COUNTS)
        .where(ScrapingJob.id == job_id, ScrapingJob.status.in_(_ENDED))
        .where(ScrapingJob.publication.is_distinct_from(Publication.HELD))
        .where(ScrapingJob.publication.is_distinct_from(Publication.DISCARDED))
        .where(not_(ScrapingJob.absences_due), or_(*(count > 0 for count in _COUNTS)))
    )
    noting = insert(ChangeSet).from_select(["job_id", "target_id", "at", *_COUNTED], facts)
    # Noted before, it may have been looked again for what is gone.
    counts = {name: noting.excluded[name] for name in _COUNTED}
    noted = noting.on_conflict_do_update(index_elements=[ChangeSet.job_id], set_=counts)
    return bool(session.scalar(noted.returning(literal_column("xmax = 0"))))


def withdraw(session: Session, job_id: uuid.UUID) -> None:
    """What the job changed is current no more."""
    session.execute(delete(ChangeSet).where(ChangeSet.job_id == job_id))
