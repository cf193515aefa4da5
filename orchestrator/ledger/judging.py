"""Judging: whether what a completed job found can be believed.

It is measured and held against its target's last good runs and against what a person said to
expect, in the transaction of its end: so no job is completed whose verdict is still to come.
"""

import logging
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, or_, select, update
from sqlalchemy.orm import Session, defer

from orchestrator.ledger import fulfilment, profiles, suspicions
from orchestrator.ledger.comparisons import Case
from orchestrator.ledger.expectations import Expectations
from orchestrator.ledger.findings import Finding
from orchestrator.ledger.models import (
    JobJudgement,
    Publication,
    ScrapedItem,
    ScrapingJob,
    ScrapingTarget,
    Verdict,
)
from orchestrator.ledger.profiles import Profile

logger = logging.getLogger(__name__)

#: A job is held against so many earlier ones, sought among so many.
RUNS, _MOST_LOOKED_AT = 10, 60
#: One at this distance, or so near to it, was at the same hour, or on the same weekday.
_RHYTHM = tuple(timedelta(days=days) for days in (1, 7, 14, 21, 28))
_NEAR = timedelta(hours=3)
#: Of these, the newest with changes enough is the one whose changes may be undone.
_MOST_BEFORE, _ENOUGH_CHANGES = 3, 5
_MOST_FINDINGS, _MOST_CHECKED, _MOST_ITEM_BYTES = 50, 500, 65_536
#: A judgement one of whose queries takes longer is not made.
_SECONDS = 30


@dataclass(frozen=True, slots=True)
class _Earlier:
    """An earlier job that counts."""

    job_id: uuid.UUID
    judged_at: datetime
    accepted: bool
    profile: Profile


def judge_job(session: Session, job_id: uuid.UUID) -> Verdict | None:
    """Judges a job that has just completed, and keeps what there is to say against it.

    None when it is not judged: it was started by hand, with who knows which arguments, or it could
    not be judged, which must not undo its end.
    """
    by_hand = ScrapingJob.definition.has_key("one_attempt")
    job = session.execute(
        select(ScrapingJob.target_id, by_hand.label("by_hand"), func.now().label("now")).where(
            ScrapingJob.id == job_id
        )
    ).one()
    if job.by_hand:
        return None
    try:
        with session.begin_nested(), _at_most(session, _SECONDS):
            return _judged(session, job_id, job.target_id, job.now)
    except Exception:
        logger.exception(
            "Job %s could not be judged.", job_id, extra={"action": "judge", "job_id": str(job_id)}
        )
        return None


def of_job(session: Session, job_id: uuid.UUID) -> JobJudgement | None:
    """What was found of a job; None of one that was not judged."""
    return session.get(JobJudgement, job_id)


def compared(session: Session, judgement: JobJudgement) -> Sequence[ScrapingJob]:
    """The earlier jobs that a job was held against, newest first, as far as they are kept."""
    return session.scalars(
        select(ScrapingJob)
        .where(ScrapingJob.id.in_(judgement.compared_with))
        .order_by(ScrapingJob.completed_at.desc())
        .options(defer(ScrapingJob.stats), defer(ScrapingJob.definition))
    ).all()


@contextmanager
def _at_most(session: Session, seconds: int) -> Iterator[None]:
    name = "statement_timeout"
    before = session.scalar(select(func.current_setting(name)))
    session.execute(select(func.set_config(name, f"{seconds}s", True)))
    yield
    session.execute(select(func.set_config(name, before, True)))


def _judged(session: Session, job_id: uuid.UUID, target_id: int, now: datetime) -> Verdict:
    earlier = _last(session, target_id)
    rhythm = _same_hour(session, target_id, now, earlier)
    profile = profiles.measure(
        session,
        job_id,
        after=earlier[0].job_id if earlier else None,
        changed_by=_last_with_changes(earlier),
    )
    excusing = [each for each in earlier if each.accepted] + rhythm
    case = Case(profile, [each.profile for each in earlier], [each.profile for each in excusing])
    found = _unmet(session, job_id, target_id, profile) + suspicions.find(case)
    verdict = max((each.severity for each in found), key=list(Verdict).index, default=Verdict.GOOD)
    _keep(session, job_id, verdict)
    session.add(
        JobJudgement(
            job_id=job_id,
            target_id=target_id,
            profile=profile.as_json(),
            findings=[each.as_json() for each in found[:_MOST_FINDINGS]],
            compared_with=[each.job_id for each in earlier],
        )
    )
    session.flush()
    return verdict


def _keep(session: Session, job_id: uuid.UUID, verdict: Verdict) -> None:
    session.execute(update(ScrapingJob).where(ScrapingJob.id == job_id).values(verdict=verdict))


def _unmet(session: Session, job_id: uuid.UUID, target_id: int, profile: Profile) -> list[Finding]:
    stored = session.scalar(
        select(ScrapingTarget.expectations).where(ScrapingTarget.id == target_id)
    )
    if not stored:
        return []
    expected = Expectations.model_validate(stored)
    found = fulfilment.unmet(expected, profile)
    if expected.item_schema:
        found += fulfilment.misfits(expected.item_schema, _some_items(session, job_id))
    return found


def _some_items(session: Session, job_id: uuid.UUID) -> Sequence[dict[str, Any]]:
    return session.scalars(
        select(ScrapedItem.data)
        .where(
            ScrapedItem.last_job_id == job_id,
            func.pg_column_size(ScrapedItem.data) < _MOST_ITEM_BYTES,
        )
        .order_by(ScrapedItem.last_job_id, ScrapedItem.id)
        .limit(_MOST_CHECKED)
    ).all()


def _last(session: Session, target_id: int) -> list[_Earlier]:
    """The last runs that count, newest first: good ones, and those that became the data anyway."""
    newest = (
        select(JobJudgement.job_id)
        .where(JobJudgement.target_id == target_id)
        .order_by(JobJudgement.judged_at.desc())
        .limit(_MOST_LOOKED_AT)
    )
    return _counting(session, JobJudgement.job_id.in_(newest), most=RUNS)


def _same_hour(
    session: Session, target_id: int, now: datetime, earlier: Sequence[_Earlier]
) -> list[_Earlier]:
    """Runs that count of the same hour of yesterday and of the same weekday, but for `earlier`."""
    around = [
        JobJudgement.judged_at.between(now - back - _NEAR, now - back + _NEAR) for back in _RHYTHM
    ]
    found = _counting(
        session, and_(JobJudgement.target_id == target_id, or_(*around)), most=_MOST_LOOKED_AT
    )
    known = {each.job_id for each in earlier}
    return [each for each in found if each.job_id not in known][:RUNS]


def _counting(session: Session, which: ColumnElement[bool], *, most: int) -> list[_Earlier]:
    anyway = and_(
        ScrapingTarget.publish_anyway,
        ScrapingJob.verdict == Verdict.SUSPICIOUS,
        ScrapingJob.publication.is_(None),
    )
    counts = or_(
        ScrapingJob.verdict == Verdict.GOOD,
        ScrapingJob.publication == Publication.ACCEPTED,
        anyway,
    )
    rows = session.execute(
        select(
            JobJudgement.job_id,
            JobJudgement.judged_at,
            JobJudgement.profile,
            ScrapingJob.publication,
        )
        .join(ScrapingJob, ScrapingJob.id == JobJudgement.job_id)
        .join(ScrapingTarget, ScrapingTarget.id == JobJudgement.target_id)
        .where(which, counts)
        .order_by(JobJudgement.judged_at.desc())
        .limit(most)
    )
    return [_earlier(row) for row in rows]


def _earlier(row: Row[uuid.UUID, datetime, dict[str, Any], Publication | None]) -> _Earlier:
    accepted = row.publication is Publication.ACCEPTED
    return _Earlier(row.job_id, row.judged_at, accepted, profiles.read(row.profile))


def _last_with_changes(earlier: Sequence[_Earlier]) -> uuid.UUID | None:
    return next(
        (each.job_id for each in earlier[:_MOST_BEFORE] if each.profile.changed >= _ENOUGH_CHANGES),
        None,
    )
