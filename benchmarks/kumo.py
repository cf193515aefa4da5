"""Kumo as a contender: targets, jobs asked for as the dashboard's buttons do, and their end."""

import time
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from benchmarks.failure import BenchmarkFailed
from orchestrator import database, triggers
from orchestrator.ledger import jobs, requests, targets
from orchestrator.ledger.jobs import Claim
from orchestrator.ledger.models import JobStatus, ScrapingJob, Trigger
from orchestrator.ledger.requests import Terms

NAME = "Kumo"


def register(name: str, spider: str, url: str, *, cached: bool = False) -> int:
    """A target of that name; its id. Unless `cached` it is sent every page, as a rival's is."""
    fields = {
        "name": name,
        "spider": spider,
        "arguments": {"start_url": url},
        "settings": {"KUMO_HTTP_CACHE": cached},
        "active": False,
    }
    with database.transaction() as session:
        return targets.register(session, fields).id


def press_run(target_id: int) -> UUID:
    return triggers.request(target_id, Trigger.DASHBOARD).job_id


def press_run_many(target_ids: Sequence[int]) -> list[UUID]:
    return [each.job_id for each in triggers.request_many(target_ids, Trigger.DASHBOARD)]


def wait_for(job_ids: Sequence[UUID], *, items: int, seconds: float = 600) -> None:
    """Returns when all are completed with that many items each; BenchmarkFailed otherwise."""
    deadline = time.monotonic() + seconds
    left = list(job_ids)
    while left:
        with database.transaction() as session:
            query = select(ScrapingJob).where(ScrapingJob.id.in_(left))
            ended = [job for job in session.scalars(query) if job.status.is_final]
        for job in ended:
            _check(job, items)
            left.remove(job.id)
        if time.monotonic() > deadline:
            raise BenchmarkFailed(f"Job {left[0]} was not done after {seconds:.0f} s.")
        time.sleep(0.01)


def claimed(name: str) -> Claim:
    """A running job without a crawl, to be written to."""
    target_id = register(name, "shop", "http://127.0.0.1")
    with database.transaction() as session:
        answer = requests.request(session, target_id, Terms(Trigger.CLI))
        claim = jobs.claim(session, answer.job_id, worker="benchmarks", lease_seconds=3_600)
    assert claim is not None
    return claim


def _check(job: ScrapingJob, items: int) -> None:
    if job.status is not JobStatus.COMPLETED or job.items_scraped != items:
        raise BenchmarkFailed(
            f"Job {job.id} ended as {job.status} with {job.items_scraped} of {items} items: "
            f"{job.finish_reason} {job.error_message or ''}"
        )
