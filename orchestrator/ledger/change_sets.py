"""Change sets: that a job changed something, from the moment on when it is current.

They are read newest first. Their time is that of the clock and not of the transaction, which may
have begun a while ago: who has seen everything until now must not miss what is committed next.
"""

import uuid

from sqlalchemy import delete, func, not_, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from orchestrator.ledger.models import ChangeSet, JobStatus, ScrapingJob

#: Of jobs that ended so something may stay.
_ENDED = (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)
_COUNTS = (
    ScrapingJob.items_new,
    ScrapingJob.items_changed,
    ScrapingJob.items_gone,
    ScrapingJob.items_back,
)


def note(session: Session, job_id: uuid.UUID) -> bool:
    """What the job changed is current from now on; False when it changed nothing, or was noted.

    Nothing happens as long as it is not known what the job did not see.
    """
    facts = (
        select(ScrapingJob.id, ScrapingJob.target_id, func.clock_timestamp(), *_COUNTS)
        .where(ScrapingJob.id == job_id, ScrapingJob.status.in_(_ENDED))
        .where(not_(ScrapingJob.absences_due), or_(*(count > 0 for count in _COUNTS)))
    )
    columns = ["job_id", "target_id", "at", "found", "changed", "gone", "back"]
    noted = insert(ChangeSet).from_select(columns, facts).on_conflict_do_nothing()
    return session.scalar(noted.returning(ChangeSet.job_id)) is not None


def withdraw(session: Session, job_id: uuid.UUID) -> None:
    """What the job changed is current no more."""
    session.execute(delete(ChangeSet).where(ChangeSet.job_id == job_id))
