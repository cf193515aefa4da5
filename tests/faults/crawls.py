"""Jobs for something to happen to, and what must be true of them afterwards."""

from typing import Any
from uuid import UUID, uuid4

from orchestrator import triggers
from orchestrator.ledger.models import JobStatus, ScrapingJob, Trigger
from tests import awaiting
from tests.orchestrator.ledger import given
from tests.shops import OpenShop

#: Of targets that a nightly crawl leaves alone.
ONCE_A_YEAR = "0 0 1 1 *"


def a_target_on(shop: OpenShop, **fields: Any) -> int:
    """A target of its own, which nothing but the test starts."""
    given_fields = {"spider": "demo_shop", "schedule": ONCE_A_YEAR, "start_urls": [shop.url]}
    return given.a_target(f"shop-{uuid4().hex}", **given_fields | fields)


def requested(shop: OpenShop, **terms: Any) -> UUID:
    return triggers.request(a_target_on(shop), Trigger.DASHBOARD, **terms).job_id


def under_way(shop: OpenShop, least: int = 10) -> UUID:
    """A job with some of its items recorded and most yet to come."""
    (job_id,) = all_under_way(shop, 1, least)
    return job_id


def all_under_way(shop: OpenShop, count: int, least: int = 10) -> list[UUID]:
    """So many such jobs, begun at once: one after the other, the first might end meanwhile."""
    job_ids = [requested(shop) for _ in range(count)]
    for job_id in job_ids:
        awaiting.with_items(job_id, least)
    return job_ids


def assert_whole(job: ScrapingJob, shop: OpenShop) -> None:
    """Every item of the shop is there once, and the job's counts are those of its rows."""
    assert job.status is JobStatus.COMPLETED, (job.status, job.finish_reason, job.error_message)
    rows = given.execute("SELECT key FROM scraped_items WHERE target_id = :id", id=job.target_id)
    assert {row.key for row in rows} == shop.products().keys()
    assert job.items_scraped == job.items_new == len(rows)
    assert (job.items_changed, job.items_rejected) == (0, 0)


def outcomes(job_id: UUID) -> list[str]:
    """How its attempts ended, the first before the later ones."""
    sql = "SELECT outcome FROM crawls WHERE job_id = :id ORDER BY attempt"
    return [row.outcome for row in given.execute(sql, id=job_id)]


def has_logged(job_id: UUID, words: str) -> bool:
    return bool(
        given.count(
            "job_log_lines", "job_id = :id AND position(:words in message) > 0",
            id=job_id, words=words,
        )
    )  # fmt: skip
