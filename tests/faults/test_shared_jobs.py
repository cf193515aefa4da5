"""One job that several crawlers on two workers serve: kills, requests and bad pages lose nothing.

The second worker is there to be killed; whoever needs it afterwards calls in another.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID, uuid4

import psutil
import pytest

from orchestrator import triggers
from orchestrator.ledger.models import JobStatus, Queue, ScrapingJob
from tests import awaiting, shops
from tests.faults.crawls import ONCE_A_YEAR, assert_whole, has_logged
from tests.orchestrator.ledger import given
from tests.projects import MODULES
from tests.shops import DAY, OpenShop, Shop
from tests.workers import Worker, working

ENVIRONMENT = {"KUMO_SPIDER_MODULES": MODULES, "KUMO_LEASE_SECONDS": "8"}
#: No machine imports Scrapy with less.
_IMPORT_SECONDS = 0.5
SMALL = 14
#: The product at which the harmful spider does its harm.
SKU = min(product.sku for product in Shop(SMALL).products(DAY))


@pytest.fixture(scope="module")
def worker(database: str, redis_url: str) -> Iterator[Worker]:
    with working("--concurrency=4", **ENVIRONMENT) as worker:
        yield worker


@pytest.fixture(scope="module")
def slow_shop() -> Iterator[OpenShop]:
    """Four crawlers with two requests in flight each need some seconds for it."""
    with shops.opened(250, delay=0.2) as shop:
        yield shop


@pytest.fixture(scope="module")
def small_shop() -> Iterator[OpenShop]:
    with shops.opened(SMALL) as shop:
        yield shop


def _requested(shop: OpenShop, crawlers: int, spider: str = "demo_shop", **fields: Any) -> UUID:
    settings = {"CONCURRENT_REQUESTS": 2} | fields.pop("settings", {})
    own = {"start_urls": [shop.url], "schedule": ONCE_A_YEAR, "settings": settings}
    target_id = given.a_target(f"shared-{uuid4().hex}", spider=spider, **own | fields)
    job_id = given.a_shared_job(target_id, crawlers)
    triggers.ring([(job_id, target_id, 5, Queue.CRAWLS)])
    return job_id


def _crawls(job_id: UUID) -> list[Any]:
    return list(
        given.execute(
            "SELECT attempt, number, worker, pid, pages, ended_at, outcome FROM crawls"
            " WHERE job_id = :id ORDER BY attempt, number",
            id=job_id,
        )
    )


def _all_at_work(job_id: UUID, count: int) -> list[Any]:
    """Its crawls, once so many have brought pages."""

    def at_work() -> list[Any] | None:
        assert not given.job(job_id).status.is_final, "it ended before the test could meet it"
        found = [crawl for crawl in _crawls(job_id) if crawl.pages and crawl.pid]
        return found if len(found) >= count else None

    return awaiting.until(at_work, f"{count} crawls of job {job_id} at work")


def _assert_shared(job: ScrapingJob, shop: OpenShop) -> None:
    """Whole, by one attempt; and what was fetched twice is no more than was in flight at a kill."""
    assert_whole(job, shop)
    assert (job.attempt, job.failures) == (1, 0)
    assert given.count("crawls", "job_id = :id AND ended_at IS NULL", id=job.id) == 0


@contextmanager
def _another(first: Worker) -> Iterator[Worker]:
    """A second worker; both begin a crawl in no time."""
    with working("--concurrency=2", **ENVIRONMENT) as second:
        for each in (first, second):
            awaiting.until(lambda each=each: _is_warm(each), "a forkserver that has its imports")
        yield second


def _is_warm(worker: Worker) -> bool:
    """It has worked for a while, and rests."""
    with suppress(StopIteration, psutil.Error):
        server = worker.forkserver()
        rests = server.status() == psutil.STATUS_SLEEPING
        return bool(rests and server.cpu_times().user > _IMPORT_SECONDS)
    return False


@pytest.mark.fault("F2", "F4", off="joining")
def test_crawlers_are_killed_and_told_to_stop_and_nothing_is_lost(
    worker: Worker, slow_shop: OpenShop
) -> None:
    with _another(worker) as second:
        slow_shop.forget()
        # Neither worker has slots enough for all.
        job_id = _requested(slow_shop, 5)
        at_work = _all_at_work(job_id, 5)
        assert len({crawl.worker for crawl in at_work}) == 2
        # Of one that is killed as its worker stops either is said.
        for victim in worker.crawlers()[:2]:
            victim.kill()
        assert second.stop() == 0
        job = awaiting.ended(job_id)
    _assert_shared(job, slow_shop)
    outcomes = [crawl.outcome for crawl in _crawls(job_id)]
    assert outcomes.count("signal_9") == 2
    assert "stopped" in outcomes
    assert len(outcomes) > 5, "nobody took their places"
    assert has_logged(job_id, "killed by signal 9")
    # Each was at two pages, and had others that no checkpoint held yet.
    assert sum(slow_shop.fetched().values()) < slow_shop.pages * 1.3


@pytest.mark.fault("F1", off="taking_back_lost_crawls")
def test_a_worker_is_killed_with_its_crawlers_and_the_others_go_on(
    worker: Worker, slow_shop: OpenShop
) -> None:
    with _another(worker) as second:
        job_id = _requested(slow_shop, 6)
        _all_at_work(job_id, 6)
        victims = second.crawlers()
        assert len(victims) == 2
        second.kill()
        for victim in victims:
            # They end by themselves, too.
            with suppress(psutil.NoSuchProcess):
                victim.kill()
        job = awaiting.ended(job_id)
    _assert_shared(job, slow_shop)
    assert [crawl.outcome for crawl in _crawls(job_id)].count("worker_lost") == 2


@pytest.mark.fault("F28", off="requests_heard")
def test_a_pause_and_a_cancel_reach_all_crawlers(worker: Worker, slow_shop: OpenShop) -> None:
    job_id = _requested(slow_shop, 3)
    _all_at_work(job_id, 3)
    triggers.pause(job_id)
    awaiting.job_at(job_id, JobStatus.PAUSED)
    assert [crawl.outcome for crawl in _crawls(job_id)] == ["pause_requested"] * 3
    triggers.resume(job_id)
    awaiting.until(lambda: sum(crawl.pages > 0 for crawl in _crawls(job_id)) >= 5, "all again")
    triggers.cancel(job_id)
    job = awaiting.ended(job_id)
    assert job.status is JobStatus.CANCELLED
    assert job.items_scraped == given.count("scraped_items", "last_job_id = :id", id=job_id)
    assert given.count("crawls", "job_id = :id AND ended_at IS NULL", id=job_id) == 0


@pytest.mark.fault("F19", off="limits_of_the_job")
def test_a_limit_counts_what_all_crawlers_have_found(worker: Worker, slow_shop: OpenShop) -> None:
    job_id = _requested(slow_shop, 3, settings={"CLOSESPIDER_ITEMCOUNT": 40})
    job = awaiting.ended(job_id)
    assert (job.status, job.finish_reason) == ("completed", "closespider_itemcount")
    assert 40 <= job.items_scraped < len(slow_shop.products())
    # None of them has found so many by itself.
    assert all(crawl.pages < 40 for crawl in _crawls(job_id))


@pytest.mark.fault("F24", off="charged_pages_taken_by_nobody")
def test_a_page_that_kills_crawlers_is_given_up_and_the_rest_is_crawled(
    worker: Worker, small_shop: OpenShop
) -> None:
    job_id = _requested(small_shop, 3, "harmful", arguments={"sku": SKU, "harm": "segfaults"})
    job = awaiting.ended(job_id)
    assert job.status is JobStatus.COMPLETED, job.error_message
    ((url, charges),) = given.execute(
        "SELECT url, charges FROM charged_pages WHERE job_id = :id", id=job_id
    )
    assert url.endswith(SKU)
    assert charges == 3
    assert job.pages_given_up == 1
    assert job.items_scraped == len(small_shop.products()) - 1


def test_a_spider_that_keeps_state_is_served_by_one_crawler(
    worker: Worker, small_shop: OpenShop
) -> None:
    job_id = _requested(small_shop, 3, "signed_in")
    job = awaiting.ended(job_id)
    _assert_shared(job, small_shop)
    first, *others = _crawls(job_id)
    assert (first.outcome, first.pages) == ("finished", SMALL)
    assert {crawl.outcome for crawl in others} <= {"one_crawler_only"}
    assert has_logged(job_id, "so one crawler serves its job, not 3")


@pytest.mark.fault("F25", off="counting_failures")
def test_a_site_that_lets_nobody_in_is_tried_as_often_as_the_target_says(worker: Worker) -> None:
    gone = OpenShop("http://127.0.0.1:9", 0)
    job_id = _requested(gone, 3, max_attempts=2, settings={"RETRY_TIMES": 0})
    job = awaiting.ended(job_id)
    assert (job.status, job.finish_reason) == ("failed", "site_unreachable")
    assert (job.attempt, job.failures) == (2, 2)
