"""Nights of a simulated shop, written as crawls write them: a job each, a day apart."""

import uuid

from orchestrator.ledger.checkpoints import Batch, CheckpointWriter
from orchestrator.ledger.models import JobJudgement, Verdict
from tests.orchestrator.ledger import given
from tests.orchestrator.ledger.scraped import stored
from tests.orchestrator.ledger.simulated_shop import Night

_MOST_AT_ONCE = 500


def crawled(target_id: int, night: Night) -> uuid.UUID:
    """A job that found what there was that night, a day after the one before."""
    given.execute(_A_DAY_LATER, target=target_id)
    given.execute(_JUDGED_A_DAY_LATER, target=target_id)
    job_id = given.a_job(target_id)
    claim = given.claim(job_id)
    assert claim
    writer = CheckpointWriter(claim, lease_seconds=60)
    items = [stored(each) for each in night.items]
    for at in range(0, max(len(items), 1), _MOST_AT_ONCE):
        counts = {} if at else {"pages": night.pages, "errors": night.errors}
        writer.commit(Batch(items=items[at : at + _MOST_AT_ONCE], **counts))
    writer.close()
    given.execute(
        "UPDATE scraping_jobs SET started_at = now() - make_interval(secs => :seconds)"
        " WHERE id = :job",
        seconds=night.seconds,
        job=job_id,
    )
    given.finish(job_id, given.COMPLETED)
    return job_id


def verdict(job_id: uuid.UUID) -> Verdict:
    found = given.job(job_id).verdict
    assert found is not None, "it was not judged"
    return found


def judgement(job_id: uuid.UUID) -> JobJudgement:
    found = given.do(lambda session: session.get(JobJudgement, job_id))
    assert found is not None
    return found


_A_DAY_LATER = """
UPDATE scraping_jobs
SET queued_at = queued_at - interval '1 day', started_at = started_at - interval '1 day',
    completed_at = completed_at - interval '1 day'
WHERE target_id = :target
"""
_JUDGED_A_DAY_LATER = """
UPDATE job_judgements SET judged_at = judged_at - interval '1 day' WHERE target_id = :target
"""
