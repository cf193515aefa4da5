"""Publishing: a job's changes become the current data, or are held back until a person decides.

What is held is set aside in the very transaction that judges the job. So whoever reads items sees
the last good state without knowing that anything is held, and nothing is held for ever: when the
next job of the target begins, what is still undecided is discarded.

A target's row is what all this takes turns by. Whoever decides holds it alone, whoever claims a job
shares it with everybody else; so no crawl begins while items are moved.
"""

import uuid
from dataclasses import dataclass

from sqlalchemy import exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from orchestrator.exceptions import JobNotFound, Sentence, TransitionRefused
from orchestrator.ledger import alerts, audit, change_sets, held_items, sightings
from orchestrator.ledger.models import (
    ACTIVE,
    UNDO_FOR,
    HeldJob,
    Publication,
    ScrapingJob,
    ScrapingTarget,
    Verdict,
)

#: In the audit log: who discards what nobody has decided about when the next job begins.
_NOBODY = "kumo"


@dataclass(frozen=True, slots=True)
class _Standing:
    """How a job stands whose target nobody else holds."""

    job_id: uuid.UUID
    target_id: int
    publication: Publication | None
    tells_absences: bool
    decided_by: str | None
    #: It was decided about it too long ago for that to be undone.
    is_settled: bool


def hold(session: Session, job_id: uuid.UUID, verdict: Verdict) -> None:
    """Sets the changes of a job aside that has just completed and is not judged good.

    Unless its target says to publish anyway, or there is nothing that would change.
    """
    if verdict is Verdict.GOOD:
        return
    job = session.execute(
        select(ScrapingJob.target_id, ScrapingJob.absences_due, ScrapingTarget.publish_anyway)
        .join(ScrapingTarget, ScrapingTarget.id == ScrapingJob.target_id)
        .where(ScrapingJob.id == job_id)
    ).one()
    if job.publish_anyway:
        return
    # A worker of an older version has claimed it without.
    discard_before(session, job.target_id, job_id)
    if _set_aside(session, job_id, job.target_id, tells_absences=job.absences_due):
        _become(session, job_id, Publication.HELD, absences_due=False)


def discard_before(session: Session, target_id: int, job_id: uuid.UUID) -> None:
    """Discards what is held of a target, as this job of it begins; waits for whoever decides."""
    lock = select(ScrapingTarget.id).where(ScrapingTarget.id == target_id)
    session.execute(lock.with_for_update(read=True, key_share=True))
    held = update(ScrapingJob).where(
        ScrapingJob.target_id == target_id, ScrapingJob.publication == Publication.HELD
    )
    discarded = held.values(publication=Publication.DISCARDED).returning(ScrapingJob.id)
    for earlier in session.scalars(discarded).all():
        _note_decision(session, earlier, None)
        audit.record(session, _NOBODY, "job.discard", str(earlier), job_id=str(job_id))


def accept(session: Session, job_id: uuid.UUID, who: str) -> int:
    """Makes what is held of a job the current data; the id of its target.

    What it did not see is due to be marked as gone. Raises JobNotFound, TransitionRefused.
    """
    job = _taken(session, job_id)
    _refuse_unless_held(job)
    _refuse_while_one_runs(session, job)
    held_items.put_back(session, job_id)
    _become(session, job_id, Publication.ACCEPTED, absences_due=job.tells_absences)
    moved = {"moved_at": func.clock_timestamp(), "unlearned_since": func.now()}
    _note_decision(session, job_id, who, **moved)
    audit.record(session, who, "job.accept", str(job_id))
    alerts.note_changes(session, job_id)
    return job.target_id


def discard(session: Session, job_id: uuid.UUID, who: str) -> int:
    """Leaves aside what is held of a job; the id of its target.

    Raises JobNotFound, TransitionRefused.
    """
    job = _taken(session, job_id)
    _refuse_unless_held(job)
    _become(session, job_id, Publication.DISCARDED)
    _note_decision(session, job_id, who)
    audit.record(session, who, "job.discard", str(job_id))
    return job.target_id


def undo(session: Session, job_id: uuid.UUID, who: str) -> int:
    """Holds the changes of a job again about which it was decided; the id of its target.

    Raises JobNotFound, TransitionRefused.
    """
    job = _taken(session, job_id)
    _refuse_unless_undoable(job)
    _refuse_while_one_runs(session, job)
    _refuse_beside_another(session, job)
    _refuse_before_a_later_one(session, job)
    if job.publication is Publication.ACCEPTED:
        _become(session, job_id, Publication.HELD, absences_due=False, absences_found_at=None)
        _set_aside(session, job_id, job.target_id, tells_absences=job.tells_absences)
        change_sets.withdraw(session, job_id)
    else:
        _become(session, job_id, Publication.HELD)
    undecided = {"decided_at": None, "decided_by": None}
    session.execute(update(HeldJob).where(HeldJob.job_id == job_id).values(undecided))
    audit.record(session, who, "job.undo", str(job_id))
    return job.target_id


def _set_aside(
    session: Session, job_id: uuid.UUID, target_id: int, *, tells_absences: bool
) -> bool:
    """Whether there was anything to hold back."""
    moved = held_items.set_aside(session, job_id)
    counts = {
        "items_new": moved.new,
        "items_changed": moved.changed,
        "items_back": moved.back,
        "items_missing": sightings.count(session, target_id, job_id) if tells_absences else 0,
    }
    if not any(counts.values()):
        return False
    values = counts | {"moved_at": func.clock_timestamp(), "unlearned_since": func.now()}
    row = insert(HeldJob).values(
        job_id=job_id, target_id=target_id, tells_absences=tells_absences, **values
    )
    session.execute(row.on_conflict_do_update(index_elements=[HeldJob.job_id], set_=values))
    return True


def _become(
    session: Session, job_id: uuid.UUID, publication: Publication, **values: object
) -> None:
    job = update(ScrapingJob).where(ScrapingJob.id == job_id)
    session.execute(job.values(publication=publication, **values))


def _note_decision(session: Session, job_id: uuid.UUID, who: str | None, **values: object) -> None:
    job = update(HeldJob).where(HeldJob.job_id == job_id)
    session.execute(job.values(decided_at=func.now(), decided_by=who, **values))


def _taken(session: Session, job_id: uuid.UUID) -> _Standing:
    """How a job stands; its target is held until the transaction ends. Raises JobNotFound."""
    target = select(ScrapingTarget.id).where(
        ScrapingTarget.id
        == select(ScrapingJob.target_id).where(ScrapingJob.id == job_id).scalar_subquery()
    )
    session.execute(target.with_for_update())
    # A statement of its own: it sees what was decided while this one waited.
    row = session.execute(
        select(
            ScrapingJob.target_id,
            ScrapingJob.publication,
            HeldJob.tells_absences,
            HeldJob.decided_by,
            HeldJob.decided_at < func.now() - UNDO_FOR,
        )
        .outerjoin(HeldJob, HeldJob.job_id == ScrapingJob.id)
        .where(ScrapingJob.id == job_id)
    ).one_or_none()
    if row is None:
        raise JobNotFound(f"There is no job {job_id}.")
    return _Standing(job_id, *row)


def _refuse_unless_held(job: _Standing) -> None:
    if job.publication is not Publication.HELD:
        raise TransitionRefused(_why_not(job))


def _why_not(job: _Standing) -> Sentence:
    told = {"id": job.job_id, "who": job.decided_by}
    if job.publication is None:
        return Sentence("Nothing of job %(id)s is held back.", **told)
    if job.publication is Publication.ACCEPTED:
        return Sentence("The changes of job %(id)s are accepted already, by %(who)s.", **told)
    if job.decided_by is None:
        return Sentence("The changes of job %(id)s were discarded as the next job began.", **told)
    return Sentence("The changes of job %(id)s are discarded already, by %(who)s.", **told)


def _refuse_unless_undoable(job: _Standing) -> None:
    if job.publication not in (Publication.ACCEPTED, Publication.DISCARDED):
        raise TransitionRefused(
            Sentence("Nothing was decided about job %(id)s that can be undone.", id=job.job_id)
        )
    if job.is_settled:
        raise TransitionRefused(
            Sentence(
                "What was decided about job %(id)s stands: that was more than %(days)s days ago.",
                id=job.job_id,
                days=UNDO_FOR.days,
            )
        )


def _refuse_while_one_runs(session: Session, job: _Standing) -> None:
    begun = exists().where(
        ScrapingJob.target_id == job.target_id,
        ScrapingJob.status.in_(ACTIVE),
        ScrapingJob.attempt > 0,
    )
    if session.scalar(select(begun)):
        raise TransitionRefused(
            Sentence(
                "A job of this target is under way; decide about job %(id)s when it has ended.",
                id=job.job_id,
            )
        )


def _refuse_beside_another(session: Session, job: _Standing) -> None:
    other = session.scalar(
        select(ScrapingJob.id).where(
            ScrapingJob.target_id == job.target_id, ScrapingJob.publication == Publication.HELD
        )
    )
    if other:
        raise TransitionRefused(
            Sentence("The changes of job %(id)s are held back; decide about these first.", id=other)
        )


def _refuse_before_a_later_one(session: Session, job: _Standing) -> None:
    """What a later job changed is told from what this one made of it."""
    this, later = aliased(ScrapingJob), aliased(ScrapingJob)
    accepted = session.scalar(
        select(later.id)
        .join(this, this.target_id == later.target_id)
        .where(this.id == job.job_id, this.publication == Publication.ACCEPTED)
        .where(later.completed_at > this.completed_at)
        .where(later.publication == Publication.ACCEPTED)
        .order_by(later.completed_at.desc())
        .limit(1)
    )
    if accepted:
        raise TransitionRefused(
            Sentence("Job %(id)s was accepted after it; undo that first.", id=accepted)
        )
