"""Kumo as a contender: targets, jobs asked for as the dashboard's buttons do, and their end."""

import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from benchmarks.failure import BenchmarkFailed
from orchestrator import database, triggers
from orchestrator.ledger import jobs, requests, targets
from orchestrator.ledger.claims import Claim
from orchestrator.ledger.models import ACTIVE, JobStatus, ScrapingJob, Trigger
from orchestrator.ledger.requests import Terms

NAME = "Kumo"


def register(name: str, spider: str, url: str, *, cached: bool = False, **more: Any) -> int:
    """A target of that name, and more of it; its id.

    Unless `cached` it is sent every page, as a rival's is.
    """
    fields = {
        "name": name,
        "spider": spider,
        "arguments": {"start_url": url},
        "settings": {"KUMO_HTTP_CACHE": cached, **more.pop("settings", {})},
        "active": False,
        **more,
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
    while left := _count_active(job_ids):
        if time.monotonic() > deadline:
            raise BenchmarkFailed(f"{left} jobs were not done after {seconds:.0f} s.")
        # To look at many costs Postgres more, and a moment is less of what they take.
        time.sleep(0.01 if len(job_ids) == 1 else 0.1)
    with database.transaction() as session:
        for job in session.scalars(select(ScrapingJob).where(ScrapingJob.id.in_(job_ids))):
            _check(job, items)


def claimed(name: str) -> Claim:
    """A running job without a crawl, to be written to."""
    target_id = register(name, "shop", "http://127.0.0.1")
    with database.transaction() as session:
        answer = requests.request(session, target_id, Terms(Trigger.CLI))
        claim = jobs.claim(session, answer.job_id, worker="benchmarks", lease_seconds=3_600)
    assert claim is not None
    return claim


def _count_active(job_ids: Sequence[UUID]) -> int:
    query = select(func.count()).where(ScrapingJob.id.in_(job_ids), ScrapingJob.status.in_(ACTIVE))
    with database.transaction() as session:
        return session.scalar(query) or 0


def _check(job: ScrapingJob, items: int) -> None:
    if job.status is not JobStatus.COMPLETED or job.items_scraped != items:
        raise BenchmarkFailed(
            f"Job {job.id} ended as {job.status} with {job.items_scraped} of {items} items: "
            f"{job.finish_reason} {job.error_message or ''}"
        )
