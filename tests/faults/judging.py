"""What is true of a job after something broke: counted the way docs/reliability.md tells it."""

import time
from dataclasses import dataclass, field, fields
from datetime import datetime
from uuid import UUID

import redis

from orchestrator import frontiers
from orchestrator.chaos.verdict import MUST_BE_ZERO
from orchestrator.ledger.models import ACTIVE, JobStatus, ScrapingJob
from tests.awaiting import FINAL, until
from tests.orchestrator.ledger import given
from tests.shops import OpenShop

#: After this a job that should have gone on by itself never will.
PATIENCE_SECONDS = 60


@dataclass
class Counts:
    """What was seen in one run or in many. All but the first three must be zero."""

    runs: int = 0
    kills: int = 0
    pages: int = 0
    #: Items of the site that a completed job lacks.
    missing: int = 0
    #: Items recorded twice or unknown to the site.
    duplicates: int = 0
    #: Jobs that did not end by themselves, and frontiers that nobody deleted.
    stuck: int = 0
    #: Counts on a job that are not those of its rows.
    wrong_counts: int = 0
    #: Completed jobs that lack items.
    false_successes: int = 0
    #: Jobs that ended in another state than they should.
    failed: int = 0
    #: Jobs of a target beyond the one that was asked for.
    run_twice: int = 0
    worst_recovery_seconds: float = 0
    #: What was wrong, in sentences.
    evidence: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not (self.evidence or any(getattr(self, name) for name in MUST_BE_ZERO))

    def add(self, other: "Counts") -> None:
        worst = max(self.worst_recovery_seconds, other.worst_recovery_seconds)
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))
        self.worst_recovery_seconds = worst


@dataclass(frozen=True)
class Expected:
    """How a job should end."""

    shop: OpenShop
    status: JobStatus = JobStatus.COMPLETED


def judged(job_id: UUID, expected: Expected, redis_url: str) -> Counts:
    """The job, once it has ended or should have."""
    try:
        until(lambda: given.job(job_id).status in FINAL, "its end", seconds=PATIENCE_SECONDS)
    except AssertionError:
        job = given.job(job_id)
        told = f"job {job_id} does not end: {job.status}, {job.finish_reason}, {job.error_message}"
        return Counts(runs=1, stuck=1, pages=job.pages, evidence=[told])
    job = given.job(job_id)
    counts = Counts(runs=1, pages=job.pages)
    _judge_end(counts, job, expected.status)
    _judge_items(counts, job, expected)
    _judge_counts(counts, job)
    _judge_frontier(counts, job, redis_url)
    return counts


def seconds_until_it_went_on(job_id: UUID, broken_at: datetime) -> float:
    """From the fault to the next attempt's claim, or to the job's end if it needed none."""
    job = given.job(job_id)
    claims = given.execute(
        "SELECT min(started_at) AS at FROM crawls WHERE job_id = :id AND started_at > :at",
        id=job_id, at=broken_at,
    )[0].at  # fmt: skip
    went_on = [at for at in (claims, job.completed_at) if at and at > broken_at]
    return (min(went_on) - broken_at).total_seconds() if went_on else 0


def _judge_end(counts: Counts, job: ScrapingJob, status: JobStatus) -> None:
    if job.status is not status:
        counts.failed = 1
        counts.evidence.append(f"job {job.id} is {job.status}, not {status}: {job.error_message}")


def _judge_items(counts: Counts, job: ScrapingJob, expected: Expected) -> None:
    rows = given.execute(
        "SELECT data->>'sku' AS sku FROM scraped_items WHERE target_id = :id", id=job.target_id
    )
    skus, products = {row.sku for row in rows}, expected.shop.products().keys()
    jobs = given.count("scraping_jobs", "target_id = :id", id=job.target_id)
    counts.duplicates, counts.run_twice = len(rows) - len(skus & products), jobs - 1
    if counts.duplicates or counts.run_twice:
        counts.evidence.append(
            f"job {job.id}: {len(rows)} items of {len(skus)} kinds, {jobs} jobs of its target"
        )
    if job.status is JobStatus.COMPLETED and (missing := products - skus):
        counts.missing, counts.false_successes = len(missing), 1
        counts.evidence.append(f"job {job.id} is completed and lacks {sorted(missing)}")


def _judge_counts(counts: Counts, job: ScrapingJob) -> None:
    recorded = given.count("scraped_items", "last_job_id = :id", id=job.id)
    made = given.count("scraped_items", "first_job_id = :id", id=job.id)
    lines = given.execute(
        "SELECT count(*) - count(DISTINCT (attempt, seq)) AS twice FROM job_log_lines"
        " WHERE job_id = :id", id=job.id,
    )[0].twice  # fmt: skip
    told = (job.items_scraped, job.items_new, job.items_changed, job.items_rejected)
    if told != (recorded, made, 0, 0) or lines:
        counts.wrong_counts = 1
        counts.evidence.append(f"job {job.id} tells {told}, its rows are {recorded} and {made}")


def _judge_frontier(counts: Counts, job: ScrapingJob, redis_url: str) -> None:
    active = given.count(
        "scraping_jobs", "target_id = :id AND status = ANY(:active)",
        id=job.target_id, active=[str(status) for status in ACTIVE],
    )  # fmt: skip
    if active or not _frontier_goes(job.id, redis_url):
        counts.stuck = 1
        counts.evidence.append(f"job {job.id} has ended and leaves something: {active} active jobs")


def _frontier_goes(job_id: UUID, redis_url: str) -> bool:
    keys = frontiers.keys(str(job_id))
    limit = time.monotonic() + PATIENCE_SECONDS / 3
    with redis.Redis.from_url(redis_url) as client:
        while client.exists(*keys):
            if time.monotonic() > limit:
                return False
            time.sleep(0.05)
    return True
