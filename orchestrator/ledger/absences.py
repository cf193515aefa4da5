"""What is gone: items that a job should have seen and did not, marked after its end.

A job that is proven complete is due to have them found; which job is, says
`endings.finish`. They are the items whose last sighting is an earlier job, and an index
names them; the batches are small, and each commits its marks and their count together. So it may be
stopped at any instant and repeated by anybody: nothing is lost, nothing marked twice. No later job
of the target is claimed before it is done, or that job could see again what was never marked.
"""

import time
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, insert, select, update
from sqlalchemy.orm import Session, aliased

from orchestrator import database
from orchestrator.ledger import alerts, sightings, tallies
from orchestrator.ledger.models import ItemAbsence, ScrapedItem, ScrapingJob

#: In one transaction.
MOST_ROWS = 1_000

# Each job asks twice, and mostly there are none. The oldest first: what a later job saw last, an
# earlier one cannot miss.
_DUE = select(ScrapingJob.id).where(ScrapingJob.absences_due).order_by(ScrapingJob.completed_at)
_DUE_OF_TARGET = _DUE.where(ScrapingJob.target_id == bindparam("target_id"))
_Later = aliased(ScrapingJob)
_DUE_BEFORE = _DUE.where(
    ScrapingJob.target_id
    == select(_Later.target_id).where(_Later.id == bindparam("job_id")).scalar_subquery()
)


def settle_before(job_id: uuid.UUID) -> int:
    """Marks what the jobs before this one did not see; how many items. Raises DatabaseAway."""
    return _find(_due(_DUE_BEFORE, job_id=job_id), _end(None))


def settle(target_id: int, *, seconds: float | None = None) -> int:
    """Marks what is gone of a target, for so long at the most; how many items.

    Raises DatabaseAway.
    """
    return _find(_due(_DUE_OF_TARGET, target_id=target_id), _end(seconds))


def catch_up(*, seconds: float) -> int:
    """Marks what is gone of any target, for so long at the most. Raises DatabaseAway."""
    return _find(_due(_DUE), _end(seconds))


def _end(seconds: float | None) -> float:
    return float("inf") if seconds is None else time.monotonic() + seconds


def _due(query: Select[uuid.UUID], **values: Any) -> Sequence[uuid.UUID]:
    with database.reading() as session:
        return session.scalars(query, values).all()


def _find(job_ids: Sequence[uuid.UUID], end: float) -> int:
    marked = 0
    for job_id in job_ids:
        for source in _sources(job_id):
            marked += _mark_all(job_id, source, end)
        if time.monotonic() > end:
            break
        _close(job_id)
    return marked


def _sources(job_id: uuid.UUID) -> list[uuid.UUID | None]:
    with database.transaction() as session:
        return sightings.sources(session, job_id)


def _mark_all(job_id: uuid.UUID, source: uuid.UUID | None, end: float) -> int:
    marked = last = 0
    while time.monotonic() <= end:
        with database.transaction() as session:
            # Held, so that two who are at it take turns, and the one that comes late does nothing.
            job = _held(session, job_id)
            if job is None:
                break
            ids = sightings.missing(session, job.target_id, source, after=last, most=MOST_ROWS)
            if not ids:
                break
            marked += _mark(session, job, source, ids)
        last = ids[-1]
    return marked


def _held(session: Session, job_id: uuid.UUID) -> Row[uuid.UUID, int, datetime | None] | None:
    due = select(ScrapingJob.id, ScrapingJob.target_id, ScrapingJob.completed_at).where(
        ScrapingJob.id == job_id, ScrapingJob.absences_due
    )
    return session.execute(due.with_for_update(key_share=True)).one_or_none()


def _mark(
    session: Session,
    job: Row[uuid.UUID, int, datetime | None],
    source: uuid.UUID | None,
    ids: Sequence[int],
) -> int:
    """Those that nobody has seen meanwhile; how many."""
    gone = session.scalars(
        update(ScrapedItem)
        .where(
            ScrapedItem.id.in_(ids),
            ScrapedItem.last_job_id == source,
            ScrapedItem.gone_at.is_(None),
        )
        .values(gone_at=job.completed_at)
        .returning(ScrapedItem.id)
    ).all()
    if gone:
        facts = {"gone_job_id": job.id, "gone_at": job.completed_at}
        session.execute(insert(ItemAbsence), [{"item_id": each} | facts for each in gone])
        tallies.add(session, {tallies.GONE: len(gone)})
    session.execute(
        update(ScrapingJob)
        .where(ScrapingJob.id == job.id)
        .values(items_gone=ScrapingJob.items_gone + len(gone))
    )
    return len(gone)


def _close(job_id: uuid.UUID) -> None:
    """All were found, unless changes that a person has accepted meanwhile are missing too."""
    with database.transaction() as session:
        job = _held(session, job_id)
        if job is None or sightings.count(session, job.target_id, job_id):
            return
        session.execute(
            update(ScrapingJob)
            .where(ScrapingJob.id == job_id)
            .values(absences_due=False, absences_found_at=func.now())
        )
        alerts.note_changes(session, job_id)
