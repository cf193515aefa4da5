"""What one crawl may take: memory, time, refusals; its neighbours are not troubled."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from orchestrator import triggers
from orchestrator.ledger.models import JobStatus, Trigger
from tests import awaiting
from tests.orchestrator.ledger import given
from tests.projects import MODULES
from tests.shops import OpenShop
from tests.workers import Worker, working


@pytest.fixture(scope="module")
def worker(database: str, redis_url: str) -> Iterator[Worker]:
    limits = {
        "KUMO_JOB_MEMORY_MB": "256",
        "KUMO_JOB_SECONDS": "6",
        # One attempt is all they get, so it must not be lost to a machine that is slow to begin.
        "KUMO_LEASE_SECONDS": "30",
    }
    with working("--concurrency=2", KUMO_SPIDER_MODULES=MODULES, **limits) as worker:
        yield worker


def _requested(spider: str, shop: OpenShop, **fields: Any) -> UUID:
    name = f"{spider}-{given.count('scraping_targets')}"
    given.a_target(name, **{"spider": spider, "start_urls": [shop.url], "max_attempts": 1} | fields)
    return triggers.request(name, Trigger.API).job_id


def test_a_crawl_that_eats_memory_is_ended_and_says_so(worker: Worker, shop: OpenShop) -> None:
    neighbour = _requested("demo_shop", shop)
    job = awaiting.ended(_requested("eats_memory", shop))
    assert (job.status, job.finish_reason) == ("failed", "out_of_memory")
    assert job.error_message
    assert job.error_message.endswith("MB of memory, where 256 MB is the most.")
    assert awaiting.ended(neighbour).status is JobStatus.COMPLETED


def test_a_crawl_without_end_is_closed_and_says_so(worker: Worker, shop: OpenShop) -> None:
    job = awaiting.ended(_requested("endless", shop))
    assert (job.status, job.finish_reason) == ("failed", "time_limit")
    assert job.error_message
    assert "the limit of KUMO_JOB_SECONDS" in job.error_message
    assert job.pages > 0


def test_a_limit_that_the_target_set_completes_its_job(worker: Worker, shop: OpenShop) -> None:
    settings = {"CLOSESPIDER_PAGECOUNT": 20}
    job = awaiting.ended(_requested("endless", shop, settings=settings))
    assert (job.status, job.finish_reason) == ("completed", "closespider_pagecount")


def test_a_batch_that_postgres_refuses_ends_the_crawl_and_says_why(
    worker: Worker, shop: OpenShop
) -> None:
    """A fault of ours, whatever it is, must not leave a crawl that goes on and records nothing."""
    job_id = _requested("demo_shop", shop)
    target_id = given.job(job_id).target_id
    given.execute(
        "ALTER TABLE scraped_items ADD CONSTRAINT no_such_item"
        f" CHECK (target_id <> {target_id}) NOT VALID"
    )
    job = awaiting.ended(job_id, seconds=30)
    assert (job.status, job.finish_reason) == ("failed", "checkpoint_refused")
    assert "no_such_item" in (job.error_message or "")
