"""A worker that comes back takes its jobs back, and no others."""

from uuid import UUID, uuid4

from orchestrator import triggers
from orchestrator.ledger.models import JobStatus, Trigger
from tests import awaiting, shops
from tests.orchestrator.ledger import given
from tests.workers import working

#: Nothing here may wait for it.
PATIENT = {"KUMO_LEASE_SECONDS": "100"}


def _in_mid_crawl(url: str) -> UUID:
    target_id = given.a_target(spider="demo_shop", start_urls=[url])
    job_id = triggers.request(target_id, Trigger.API).job_id
    awaiting.with_items(job_id, 5)
    return job_id


def _outcomes(job_id: UUID) -> list[str]:
    sql = "SELECT outcome FROM crawls WHERE job_id = :id ORDER BY attempt"
    return [outcome for (outcome,) in given.execute(sql, id=job_id)]


def test_a_worker_that_comes_back_takes_up_what_it_left_when_it_was_killed(
    database: str, redis_url: str
) -> None:
    name = f"{uuid4().hex[:8]}@%h"
    with shops.opened(200, delay=0.06) as shop:
        with working("--concurrency=1", "-n", name, **PATIENT) as worker:
            job_id = _in_mid_crawl(shop.url)
            crawler = worker.crawler()
            crawler.suspend()
            worker.kill()
            crawler.kill()
        assert given.job(job_id).status is JobStatus.RUNNING
        with working("--concurrency=1", "-n", name, **PATIENT):
            job = awaiting.ended(job_id, seconds=90)
        assert job.status is JobStatus.COMPLETED, job.error_message
        assert job.items_scraped == len(shop.products())
        assert _outcomes(job_id) == ["worker_lost", "finished"]


def test_a_crawl_that_goes_on_is_left_alone_by_a_worker_of_the_same_name(
    database: str, redis_url: str
) -> None:
    options = ("--concurrency=1", "-n", f"{uuid4().hex[:8]}@%h")
    with shops.opened(600, delay=0.1) as shop, working(*options, **PATIENT):
        job_id = _in_mid_crawl(shop.url)
        with working(*options, **PATIENT):
            assert given.job(job_id).status is JobStatus.RUNNING
            job = awaiting.ended(job_id, seconds=90)
    assert job.status is JobStatus.COMPLETED, job.error_message
    assert _outcomes(job_id) == ["finished"]
