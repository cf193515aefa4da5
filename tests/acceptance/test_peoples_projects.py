"""People's own spiders, served by one worker; broken ones lie beside them."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from orchestrator import triggers
from orchestrator.ledger.models import JobStatus, ScrapingJob, Trigger
from tests import awaiting
from tests.orchestrator.ledger import given
from tests.projects import MODULES
from tests.shops import OpenShop
from tests.workers import ROOT, UNHURRIED, Worker, working


@pytest.fixture(scope="module")
def worker(database: str, redis_url: str) -> Iterator[Worker]:
    with working("--concurrency=2", KUMO_SPIDER_MODULES=MODULES, **UNHURRIED) as worker:
        yield worker


@pytest.fixture
def crawled(worker: Worker, shop: OpenShop) -> Any:
    """`crawled("spider")` is the job of a new target of that spider, once it has ended."""

    def crawl(spider: str, **fields: Any) -> ScrapingJob:
        name = f"{spider}-{uuid4().hex}"
        given.a_target(name, **{"spider": spider, "start_urls": [shop.url]} | fields)
        return awaiting.ended(triggers.request(name, Trigger.API).job_id)

    return crawl


def _items(job: ScrapingJob) -> list[dict[str, Any]]:
    rows = given.execute("SELECT data FROM scraped_items WHERE last_job_id = :job", job=job.id)
    assert job.items_scraped == len(rows)
    return [row.data for row in rows]


def _skus(job: ScrapingJob) -> set[str]:
    assert job.status is JobStatus.COMPLETED, job.error_message
    return {item["sku"] for item in _items(job)}


# Sound ones


def test_a_spider_keeps_its_components_and_is_recorded_all_the_same(
    crawled: Any, shop: OpenShop
) -> None:
    job = crawled("theirs")
    assert _skus(job) == shop.products().keys()
    assert all((item["currency"], item["shop"]) == ("EUR", "theirs") for item in _items(job))
    assert not (ROOT / "a_folder_that_nobody_wants").exists()


def test_a_crawl_spider_follows_its_rules(crawled: Any, shop: OpenShop) -> None:
    assert _skus(crawled("their_rules")) == shop.products().keys()


def test_a_sitemap_spider_starts_at_its_targets_sitemap(crawled: Any, shop: OpenShop) -> None:
    job = crawled("their_sitemap", start_urls=[f"{shop.url}/sitemap.xml"])
    assert _skus(job) == shop.products().keys()


def test_requests_that_cannot_be_written_down_are_crawled_from_memory(
    crawled: Any, shop: OpenShop
) -> None:
    job = crawled("in_memory")
    assert _skus(job) == shop.products().keys()
    assert job.stats["kumo/requests_in_memory"] > len(shop.products())


# What cannot pass is not tried again


def test_an_unknown_spider_fails_its_job_at_once_and_names_the_broken_module(crawled: Any) -> None:
    job = crawled("no_such_spider")
    assert (job.status, job.finish_reason, job.attempt) == ("failed", "spider_unknown", 1)
    assert job.error_message.startswith("There is no spider 'no_such_spider'")
    assert "tests.projects.spider_does_not_import.spiders: ModuleNotFoundError" in job.error_message


# What may pass is tried again, with growing delay, up to the target's number of failures


def test_a_site_that_does_not_answer_is_tried_again_and_then_failed(crawled: Any) -> None:
    start = {"start_urls": ["http://127.0.0.1:9/"], "settings": {"RETRY_TIMES": 0}}
    job = crawled("demo_shop", **start)
    assert (job.status, job.finish_reason) == ("failed", "site_unreachable")
    assert (job.attempt, job.failures) == (3, 3)
    assert job.error_message.startswith("No start page could be read: ")
    times = "SELECT started_at, ended_at FROM crawls WHERE job_id = :job ORDER BY attempt"
    one, two, three = given.execute(times, job=job.id)
    assert (two.started_at - one.ended_at).total_seconds() >= 0.2
    assert (three.started_at - two.ended_at).total_seconds() >= 0.4


def test_a_target_says_how_often_it_is_tried(crawled: Any) -> None:
    start = {"start_urls": ["http://127.0.0.1:9/"], "settings": {"RETRY_TIMES": 0}}
    assert crawled("demo_shop", max_attempts=1, **start).attempt == 1


# Items that are hard to store


def test_what_cannot_be_stored_is_rejected_alone(crawled: Any) -> None:
    job = crawled("hard_items", key_fields=["key"])
    assert job.status is JobStatus.COMPLETED
    stored = {item["key"]: item.get("value") for item in _items(job)}
    assert stored["nul"] == stored["surrogate"] == "a\ufffdb"
    assert stored["nan"] is None
    assert stored["infinity"] == [None, {"deep": None}]
    assert stored["long_integer"] == str(2**70)
    assert stored["decimal"] == "12.50"
    assert sorted(stored["set"]) == ["a", "b"]
    assert stored["nul in the \ufffd key"] == stored["the last"] == 1
    assert "a" * 5_000 in stored
    neighbours = [key for key in stored if key.startswith(("before ", "after "))]
    assert len(neighbours) == 2 * 11
    reasons = given.execute("SELECT reason FROM rejected_items WHERE job_id = :job", job=job.id)
    assert sorted({row.reason.partition(":")[0] for row in reasons}) == [
        "it is nested too deeply",
        "it is no JSON",
        "it is too large",
        "its key field key is empty, so it cannot be told apart",
    ]
    assert job.items_rejected == len(reasons) == 6
