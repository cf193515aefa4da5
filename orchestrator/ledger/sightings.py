"""Sightings: what a job should have seen and did not, told by the job that saw it last.

An index has a target's items by their last job. So only those are read that are missing, and where
all were seen nothing is.
"""

import uuid
from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from orchestrator.ledger.models import ScrapedItem, ScrapingJob


def sources(session: Session, job_id: uuid.UUID) -> list[uuid.UUID | None]:
    """The jobs that saw something last, back to the one whose absences were found before.

    What an older one saw last is marked already. None stands for jobs that are deleted.
    """
    this, found, earlier = aliased(ScrapingJob), aliased(ScrapingJob), aliased(ScrapingJob)
    since = (
        select(func.max(found.completed_at))
        .where(
            found.target_id == this.target_id,
            found.absences_found_at.is_not(None),
            found.completed_at <= this.completed_at,
        )
        .scalar_subquery()
    )
    query = (
        select(earlier.id)
        .join(this, this.target_id == earlier.target_id)
        .where(
            this.id == job_id,
            earlier.id != job_id,
            earlier.completed_at <= this.completed_at,
            earlier.completed_at >= func.coalesce(since, "-infinity"),
            select(ScrapedItem.id).where(ScrapedItem.last_job_id == earlier.id).exists(),
        )
    )
    return [None, *session.scalars(query)]


def missing(
    session: Session,
    target_id: int,
    source: uuid.UUID | None,
    *,
    after: int = 0,
    most: int = 1_000,
) -> Sequence[int]:
    """The next items that this job saw last, of those that are not known to be gone."""
    # In the order of the index that has them.
    return session.scalars(
        select(ScrapedItem.id)
        .where(*_unseen_since(target_id, source), ScrapedItem.id > after)
        .order_by(*((ScrapedItem.last_job_id,) if source else ()), ScrapedItem.id)
        .limit(most)
    ).all()


def count(session: Session, target_id: int, job_id: uuid.UUID) -> int:
    """How many items this job should have seen and did not."""
    return sum(
        session.scalar(
            select(func.count()).select_from(ScrapedItem).where(*_unseen_since(target_id, source))
        )
        or 0
        for source in sources(session, job_id)
    )


def _unseen_since(target_id: int, source: uuid.UUID | None) -> tuple[ColumnElement[bool], ...]:
    return (
        ScrapedItem.target_id == target_id,
        ScrapedItem.last_job_id == source,
        ScrapedItem.gone_at.is_(None),
    )
