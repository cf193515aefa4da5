"""Attention: what needs a person, worst first.

A target that is switched off counts for a day only: to switch it off is to say that one knows.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ARRAY, Uuid, bindparam, exists, func, select, text
from sqlalchemy.orm import Session, defer

from orchestrator.ledger import bells, waiting
from orchestrator.ledger.models import (
    ACTIVE,
    Publication,
    Queue,
    ScrapingJob,
    ScrapingTarget,
    Verdict,
)
from orchestrator.ledger.vitals import Vitals
from orchestrator.ledger.waiting import Reason
from orchestrator.shelf import Shelf

_LATE, _TOO_LONG = timedelta(minutes=5), timedelta(minutes=15)
#: After fewer, nothing is usual yet.
_FEWEST_JOBS = 3


class Kind(StrEnum):
    """What is not as it should be."""

    NO_WORKER = "no_worker"  #: No worker that crawls lives.
    UNSERVED = "unserved"  #: Jobs wait in a queue that no living worker serves.
    NO_SWEEP = "no_sweep"  #: Nobody sweeps.
    NO_BEAT = "no_beat"  #: Beat does not tick.
    QUIET_WORKER = "quiet_worker"  #: A worker died without a word.
    FAILED = "failed"  #: A target's last job failed.
    HELD = "held"  #: A job is not believed, and its changes wait for a person.
    BAD = "bad"  #: A job is not as a person said to expect; its changes count.
    SUSPICIOUS = "suspicious"  #: A job differs from those before it; its changes count.
    LATE = "late"  #: An occasion of a target passed without a job.
    WAITING = "waiting"  #: A job could have started long ago.
    NO_ITEMS = "no_items"  #: A job found nothing where the ones before it did.
    FEWER_ITEMS = "fewer_items"  #: A job found less than half of what is usual.
    PAGES_GIVEN_UP = "pages_given_up"  #: A job went on without some pages.
    ITEMS_REJECTED = "items_rejected"  #: Some items of a job could not be stored.


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing that needs a person; what does not belong to its kind is left empty."""

    kind: Kind
    #: Since when: the end of the job, the occasion, the time it became due.
    at: datetime | None = None
    target_id: int | None = None
    #: Of the target, the worker or the queue.
    name: str = ""
    job_id: uuid.UUID | None = None
    #: Items, pages, items rejected or jobs.
    count: int = 0
    #: How many items are usual.
    usual: int = 0
    #: FAILED: the beginning of the job's error message.
    message: str = ""
    #: WAITING: why.
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class _Usual:
    """What the completed jobs before a job brought: how many there are, and their median."""

    jobs: int
    items: float


_NOTHING_USUAL = _Usual(0, 0)
#: By the job they came before: a completed one, so nothing comes before it any more.
_USUAL: Shelf[str, _Usual] = Shelf(room=20_000)


def concerns(session: Session, vitals: Vitals) -> list[Concern]:
    """Everything that needs a person now, the worst kind first, the newest of a kind first."""
    held = _held(session)
    # Why a job is held says its own page; it is told once.
    told = {concern.job_id for concern in held}
    of_jobs = [each for each in _of_jobs(session) if each.job_id not in told]
    found = _of_house(vitals) + of_jobs + held + _late(session) + _waiting(session)
    order = list(Kind)
    return sorted(found, key=lambda concern: order.index(concern.kind))


def _of_house(vitals: Vitals) -> list[Concern]:
    if not vitals.workers:
        # Then nobody sweeps or answers beat either; one cause is told once.
        return [Concern(Kind.NO_WORKER)]
    missing = {
        Kind.NO_WORKER: not vitals.crawlers,
        Kind.NO_SWEEP: not vitals.sweep_lives,
        Kind.NO_BEAT: not vitals.beat_lives,
    }
    found = [Concern(kind) for kind, is_so in missing.items() if is_so]
    found += [Concern(Kind.QUIET_WORKER, name=name) for name in vitals.quiet]
    return found + [
        Concern(Kind.UNSERVED, name=queue, count=count)
        for queue, count in vitals.unserved.items()
        # Where nobody crawls at all that is said already.
        if vitals.crawlers or queue != Queue.CRAWLS
    ]


def _of_jobs(session: Session) -> list[Concern]:
    """What the newest job of each target tells."""
    newest = session.execute(_NEWEST).all()
    usual = _usual(session, [row.job_id for row in newest if row.status == "completed"])
    found = (_of_job(row, usual.get(row.job_id, _NOTHING_USUAL)) for row in newest)
    return [concern for concern in found if concern]


def _of_job(row: Any, usual: _Usual) -> Concern | None:
    if not (verdict := _verdict(row, usual)):
        return None
    kind, count = verdict
    return Concern(
        kind,
        at=row.completed_at,
        target_id=row.target_id,
        name=row.name,
        job_id=uuid.UUID(row.job_id),
        count=count,
        usual=round(usual.items),
        message=row.message or "",
    )


def _verdict(row: Any, usual: _Usual) -> tuple[Kind, int] | None:
    if row.status == "failed":
        return Kind.FAILED, 0
    if row.items_scraped == 0 and usual.items > 0:
        return Kind.NO_ITEMS, 0
    if row.items_scraped * 2 < usual.items and usual.jobs >= _FEWEST_JOBS:
        return Kind.FEWER_ITEMS, row.items_scraped
    # Whoever decided about it knows.
    if row.verdict in (Verdict.SUSPICIOUS, Verdict.BAD) and row.publication is None:
        return Kind(row.verdict), 0
    if row.pages_given_up:
        return Kind.PAGES_GIVEN_UP, row.pages_given_up
    return (Kind.ITEMS_REJECTED, row.items_rejected) if row.items_rejected else None


def _usual(session: Session, job_ids: Sequence[str]) -> dict[str, _Usual]:
    """What the jobs before each of these brought; it was reckoned before for most of them."""
    known = {each: found for each in job_ids if (found := _USUAL.get(each))}
    unknown = [each for each in job_ids if each not in known]
    if unknown:
        for row in session.execute(_BEFORE, {"jobs": unknown}):
            known[row.id] = _USUAL.put(row.id, _Usual(row.jobs, row.items or 0))
    return known


def _held(session: Session) -> list[Concern]:
    rows = session.execute(
        select(ScrapingJob.id, ScrapingJob.completed_at, ScrapingTarget.id, ScrapingTarget.name)
        .join(ScrapingTarget, ScrapingTarget.id == ScrapingJob.target_id)
        .where(ScrapingJob.publication == Publication.HELD, ScrapingTarget.deleted_at.is_(None))
        .order_by(ScrapingJob.completed_at.desc())
    )
    return [
        Concern(Kind.HELD, at=at, target_id=target_id, name=name, job_id=job_id)
        for job_id, at, target_id, name in rows
    ]


def _late(session: Session) -> list[Concern]:
    busy = exists().where(
        ScrapingJob.target_id == ScrapingTarget.id, ScrapingJob.status.in_(ACTIVE)
    )
    rows = session.execute(
        select(ScrapingTarget.id, ScrapingTarget.name, ScrapingTarget.next_run_at)
        .where(ScrapingTarget.active, ScrapingTarget.deleted_at.is_(None), ~busy)
        .where(ScrapingTarget.next_run_at < func.now() - _LATE)
        .order_by(ScrapingTarget.next_run_at.desc())
    )
    return [Concern(Kind.LATE, at=row.next_run_at, target_id=row.id, name=row.name) for row in rows]


def _waiting(session: Session) -> list[Concern]:
    rows = session.execute(
        select(ScrapingJob, ScrapingTarget.name)
        .join(ScrapingTarget, ScrapingTarget.id == ScrapingJob.target_id)
        .where(bells.is_due(), ScrapingJob.run_after < func.now() - _TOO_LONG)
        .order_by(ScrapingJob.run_after.desc())
        .options(defer(ScrapingJob.stats), defer(ScrapingJob.definition))
    ).all()
    reasons = waiting.reasons(session, [job for job, _ in rows]) if rows else {}
    return [
        Concern(
            Kind.WAITING,
            at=job.run_after,
            target_id=job.target_id,
            name=name,
            job_id=job.id,
            reason=reasons[job.id],
        )
        for job, name in rows
    ]


#: The newest job of each target where it ended badly or was completed.
_NEWEST = text(
    """
    SELECT t.id AS target_id, t.name, j.*
    FROM scraping_targets t
    CROSS JOIN LATERAL (
        SELECT id::text AS job_id, status, queued_at, completed_at, items_scraped, items_rejected,
               pages_given_up, verdict, publication, left(error_message, 300) AS message
        FROM scraping_jobs
        WHERE target_id = t.id AND status <> 'skipped'
        ORDER BY queued_at DESC, id DESC LIMIT 1
    ) AS j
    WHERE t.deleted_at IS NULL
      AND (t.active OR j.queued_at > now() - interval '1 day')
      AND j.status IN ('failed', 'completed')
    ORDER BY j.completed_at DESC
    """
)
#: The ten completed before each of these jobs.
_BEFORE = text(
    """
    SELECT j.id::text, usual.jobs, usual.items
    FROM unnest(:jobs) AS named (id)
    JOIN scraping_jobs j ON j.id = named.id
    CROSS JOIN LATERAL (
        SELECT count(*) AS jobs,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY items_scraped) AS items
        FROM (
            SELECT items_scraped FROM scraping_jobs
            WHERE target_id = j.target_id AND status = 'completed'
              AND (queued_at, id) < (j.queued_at, j.id)
            ORDER BY queued_at DESC, id DESC LIMIT 10
        ) AS before
    ) AS usual
    """
).bindparams(bindparam("jobs", type_=ARRAY(Uuid(as_uuid=False))))
