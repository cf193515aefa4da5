"""What a page gives goes to pipelines, receivers and frontier as Scrapy would have it."""

from collections.abc import Iterator

import pytest

from orchestrator import triggers
from orchestrator.ledger import pages
from orchestrator.ledger.models import JobStatus, ScrapingJob, Trigger
from tests import awaiting
from tests.orchestrator.ledger import given
from tests.projects import MODULES
from tests.projects.pipelines_wait import spiders as patient
from tests.projects.receivers_fail import spiders as talkative
from tests.shops import OpenShop
from tests.workers import UNHURRIED, Worker, working


@pytest.fixture(scope="module")
def worker(database: str, redis_url: str) -> Iterator[Worker]:
    with working("--concurrency=1", KUMO_SPIDER_MODULES=MODULES, **UNHURRIED) as worker:
        yield worker


def _crawled(spider: str, shop: OpenShop) -> ScrapingJob:
    given.a_target(spider, spider=spider, start_urls=[shop.url])
    job = awaiting.ended(triggers.request(spider, Trigger.API).job_id)
    assert job.status is JobStatus.COMPLETED, job.error_message
    return job


def test_items_whose_pipeline_waits_wait_together(worker: Worker, shop: OpenShop) -> None:
    job = _crawled("patient", shop)
    assert job.items_scraped == job.stats["waiting_at_once"] == patient.ITEMS


def test_each_item_meets_every_pipeline_and_receiver_once(worker: Worker, shop: OpenShop) -> None:
    job = _crawled("talkative", shop)
    kept = talkative.ITEMS * 9 // 10
    assert job.items_scraped == kept == job.stats["counted"] == job.stats["waited_for"]
    assert job.stats["item_dropped_count"] == talkative.ITEMS - kept
    (given_up,) = given.do(pages.given_up, job.id)
    assert "and now for something else" in given_up.reason
    messages = [row.message for row in given.execute("SELECT message FROM job_log_lines")]
    assert sum("the third is one too many" in message for message in messages) == 1
