"""Judging: whether what a completed job found can be believed.

It is measured and held against its target's last good runs and against what a person said to
expect, in the transaction of its end: so no job is completed whose verdict is still to come.
"""

import logging
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, defer

from orchestrator.ledger import earlier_runs, fulfilment, profiles, suspicions
from orchestrator.ledger.comparisons import Case
from orchestrator.ledger.expectations import Expectations
from orchestrator.ledger.findings import Finding
from orchestrator.ledger.models import JobJudgement, ScrapedItem, ScrapingJob, Verdict
from orchestrator.ledger.profiles import Profile

logger = logging.getLogger(__name__)

_MOST_FINDINGS, _MOST_CHECKED, _MOST_ITEM_BYTES = 50, 500, 65_536
#: A judgement one of whose queries takes longer is not made.
_SECONDS = 30


def judge_job(session: Session, job_id: uuid.UUID) -> Verdict | None:
    """Judges a job that has just completed, and keeps what there is to say against it.

    None when it is not judged: it was started by hand, with who knows which arguments, or it could
    not be judged, which must not undo its end.
    """
    try:
        with session.begin_nested():
            return _judged(session, job_id)
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


def _judged(session: Session, job_id: uuid.UUID) -> Verdict | None:
    most = f"{_SECONDS}s"
    job = session.execute(_BEGIN, {"job": job_id, "most": most}).one_or_none()
    if job is None:
        return None
    earlier = earlier_runs.of_target(session, job.target_id, job.now, anyway=job.publish_anyway)
    profile = profiles.measure(
        session, job_id, after=earlier.newest, changed_by=earlier.with_changes
    )
    case = Case(profile, [each.profile for each in earlier.last], earlier.excusing)
    found = _unmet(session, job_id, job.expectations, profile) + suspicions.find(case)
    verdict = max((each.severity for each in found), key=list(Verdict).index, default=Verdict.GOOD)
    kept = {
        "target": job.target_id,
        "profile": _json(profile.as_json()),
        "findings": _json([each.as_json() for each in found[:_MOST_FINDINGS]]),
        "compared": [str(each.job_id) for each in earlier.last],
    }
    session.execute(_KEEP, kept | {"job": job_id, "verdict": verdict, "timeout": job.timeout})
    return verdict


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _unmet(
    session: Session, job_id: uuid.UUID, stored: Mapping[str, Any], profile: Profile
) -> list[Finding]:
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


#: No row of a job that was started by hand. What a statement may take is told before it is changed.
_BEGIN = text("""
WITH usual AS MATERIALIZED (SELECT current_setting('statement_timeout') AS timeout)
SELECT j.target_id, t.expectations, t.publish_anyway, now() AS now, usual.timeout,
       set_config('statement_timeout', :most, true)
FROM usual CROSS JOIN scraping_jobs j JOIN scraping_targets t ON t.id = j.target_id
WHERE j.id = :job AND NOT j.definition ? 'one_attempt'
""")

_KEEP = text("""
WITH kept AS (
    INSERT INTO job_judgements (job_id, target_id, profile, findings, compared_with)
    VALUES (:job, :target, CAST(:profile AS jsonb), CAST(:findings AS jsonb),
            CAST(:compared AS uuid[]))
)
UPDATE scraping_jobs SET verdict = :verdict WHERE id = :job
RETURNING set_config('statement_timeout', :timeout, true)
""")
