"""The tenth kill point: a clean-up that dies between two batches, while a job is half-way.

What is old goes with the next clean-up; what belongs to a target with an active job stays, however
old it is.
"""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from orchestrator import triggers
from orchestrator.celery import CONTROL, app
from orchestrator.ledger.models import JobStatus
from tests import awaiting
from tests.faults.judging import Counts, Expected, judged
from tests.faults.kill_points import Scene
from tests.orchestrator.ledger import given

NAME = "between_two_batches"

_LINES, _ITEMS = 2_500, 1_500
_MADE_OLD = "UPDATE {} SET {} = now() - interval '60 days' WHERE target_id = :target"
_A_JOB = """
INSERT INTO scraping_jobs (id, target_id, status, trigger, priority, definition, completed_at)
VALUES (:job, :target, 'completed', 'beat', 5, '{}', now() - interval '60 days')
"""
_LOG = """
INSERT INTO job_log_lines (job_id, attempt, seq, level, logged_at, logger, message)
SELECT :job, 1, n, 20, now(), 'test', 'line' FROM generate_series(1, :lines) AS n
"""
_SEEN_BY_IT = """
INSERT INTO scraped_items
    (target_id, key, data, content_hash, first_job_id, last_job_id, last_seen_at)
SELECT :target, n::text, '{}', 'x', :job, :job, now() - interval '60 days'
FROM generate_series(1, :items) AS n
"""


def play(scene: Scene, *, passes: int) -> Counts:
    """A clean-up killed after so many batches, and the next one."""
    active = scene.in_mid_crawl()
    triggers.pause(active)
    target = awaiting.job_at(active, JobStatus.PAUSED).target_id
    given.execute(_MADE_OLD.format("scraped_items", "last_seen_at"), target=target)
    old = _an_old_job()
    before = _old_rows()
    scene.arm(NAME, passes)
    _clean_up()
    at = scene.killed_at(NAME, lambda: not given.count("scraping_jobs", "id = :id", id=old))
    counts = Counts(kills=1 if at else 0)
    if at:
        counts.add(_half_done(before))
        scene.relieve_the_dead()
        _finish(counts, old, at)
    triggers.resume(active)
    counts.add(judged(active, Expected(scene.slow_shop), scene.redis_url))
    return counts


def _an_old_job() -> UUID:
    """A job with log and items of a target that does nothing any more."""
    job, target = uuid4(), given.a_target(f"old-{uuid4().hex}", active=False)
    given.execute(_A_JOB, job=job, target=target)
    given.execute(_LOG, job=job, lines=_LINES)
    given.execute(_SEEN_BY_IT, job=job, target=target, items=_ITEMS)
    return job


def _clean_up() -> Any:
    return app.send_task("orchestrator.tasks.cleanup_old_data", args=(30,), queue=CONTROL)


def _old_rows() -> int:
    """All that may go, of whatever job: also what a job of an earlier run has left."""
    lines = given.count("job_log_lines", "logger = 'test'")
    return lines + given.count("scraped_items", "last_seen_at < now() - interval '30 days'")


def _half_done(before: int) -> Counts:
    """What was done before the kill stays done, and not all has been done."""
    if 0 < (left := _old_rows()) < before:
        return Counts()
    return Counts(wrong_counts=1, evidence=[f"killed with {left} of {before} old rows left"])


def _left(job: UUID) -> int:
    lines = given.count("job_log_lines", "job_id = :job", job=job)
    return lines + given.count("scraped_items", "last_job_id = :job", job=job)


def _finish(counts: Counts, job: UUID, at: datetime) -> None:
    answer = _clean_up()
    awaiting.until(answer.ready, "the end of the second clean-up")
    rows = given.execute("SELECT now() AS now")
    counts.worst_recovery_seconds = (rows[0].now - at).total_seconds()
    if _left(job) or given.count("scraping_jobs", "id = :id", id=job) or not answer.successful():
        counts.stuck = 1
        counts.evidence.append(f"a second clean-up leaves {_left(job)} rows of {job}")
