"""Waiting for facts: a test polls what it is about, and says what never came true."""

import time
import uuid
from collections.abc import Callable
from typing import TypeVar

from orchestrator.ledger.models import JobStatus, ScrapingJob
from tests.orchestrator.ledger import given

T = TypeVar("T")

#: To look costs a few milliseconds, and what is waited for needs the machine too.
_LOOK_SECONDS = 0.05

FINAL = (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.SKIPPED)


def until(fact: Callable[[], T], what: str, *, seconds: float = 60) -> T:
    """What `fact` answers once that is true."""
    limit = time.monotonic() + seconds
    while not (answer := fact()):
        assert time.monotonic() < limit, f"not within {seconds:g} s: {what}"
        time.sleep(_LOOK_SECONDS)
    return answer


def job_at(job_id: uuid.UUID, *statuses: JobStatus, seconds: float = 60) -> ScrapingJob:
    """The job once it stands at one of these."""

    def standing() -> ScrapingJob | None:
        job = given.job(job_id)
        if job.status in FINAL and job.status not in statuses:
            raise AssertionError(f"it is {job.status}: {job.finish_reason}, {job.error_message}")
        return job if job.status in statuses else None

    return until(standing, f"job {job_id} at {', '.join(statuses)}", seconds=seconds)


def ended(job_id: uuid.UUID, *, seconds: float = 60) -> ScrapingJob:
    """The job once it has ended, however it did."""
    return job_at(job_id, *FINAL, seconds=seconds)


def with_items(job_id: uuid.UUID, least: int) -> ScrapingJob:
    """The job in mid-crawl, once so many of its items are recorded."""

    def under_way() -> ScrapingJob | None:
        job = given.job(job_id)
        assert job.status not in FINAL, f"it ended before the test could meet it: {job.status}"
        return job if job.items_scraped >= least else None

    return until(under_way, f"{least} items of job {job_id}")
