"""A page that has not changed costs its site a few words; its items are recorded all the same."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from demo.catalogue import Shop
from orchestrator import triggers
from orchestrator.ledger.models import JobStatus, ScrapingJob, Trigger
from tests import awaiting, shops
from tests.orchestrator.ledger import given
from tests.shops import DAY, OpenShop
from tests.workers import UNHURRIED, Worker, working


@dataclass(frozen=True)
class Crawl:
    """A finished job, and what the shop counted meanwhile."""

    job: ScrapingJob
    counts: dict[str, Any]
    items: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def worker(database: str, redis_url: str) -> Iterator[Worker]:
    with working("--concurrency=1", **UNHURRIED) as worker:
        yield worker


@pytest.fixture(scope="module")
def target_id(worker: Worker) -> int:
    return given.a_target("shop", spider="demo_shop")


@pytest.fixture(scope="module")
def crawls(target_id: int) -> tuple[Crawl, Crawl, Crawl]:
    """Two on the same day, and one on the day after."""
    with shops.opened() as shop:
        given.execute("UPDATE scraping_targets SET start_urls = ARRAY[:url]", url=shop.url)
        first, second = _crawled(shop), _crawled(shop)
    port = int(shop.url.rpartition(":")[2])
    with shops.opened(port=port, day=DAY + 1) as shop:
        return first, second, _crawled(shop)


def _crawled(shop: OpenShop, target: str = "shop") -> Crawl:
    shop.forget()
    job = awaiting.ended(triggers.request(target, Trigger.DASHBOARD).job_id)
    assert job.status is JobStatus.COMPLETED, job.error_message
    rows = given.execute("SELECT key, data FROM scraped_items WHERE last_job_id = :id", id=job.id)
    return Crawl(job, shop.counts(), {row.key: row.data for row in rows})


def test_the_first_crawl_is_sent_every_page(crawls: tuple[Crawl, ...]) -> None:
    first = crawls[0]
    # And robots.txt.
    assert first.job.stats["downloader/response_status_count/200"] == first.job.pages + 1
    assert first.job.stats["kumo/cache_kept"] == first.job.pages + 1
    assert "kumo/cache_unchanged" not in first.job.stats


def test_a_second_crawl_of_the_unchanged_shop_transfers_a_tenth_at_the_most(
    crawls: tuple[Crawl, ...],
) -> None:
    first, second, _ = crawls
    assert second.counts["paths"] == first.counts["paths"]
    assert second.counts["bytes"] <= first.counts["bytes"] / 10
    assert second.job.bytes_received <= first.job.bytes_received / 10
    assert second.job.stats["kumo/cache_unchanged"] == second.job.pages + 1
    assert second.job.stats["kumo/cache_saved_bytes"] == first.counts["bytes"]


def test_its_pages_and_items_are_those_of_the_first(crawls: tuple[Crawl, ...]) -> None:
    first, second, _ = crawls
    assert second.items == first.items
    assert second.job.pages == first.job.pages
    assert (second.job.items_new, second.job.items_changed, second.job.errors) == (0, 0, 0)


def test_on_the_next_day_only_what_changed_is_sent_and_all_of_it(
    crawls: tuple[Crawl, ...],
) -> None:
    *_, third = crawls
    shop = Shop()
    changes = shop.changes(DAY, DAY + 1)
    assert changes.unchanged
    assert third.job.stats["kumo/cache_unchanged"] == len(changes.unchanged) + 1
    assert third.job.items_changed == len(changes.changed)
    assert third.job.items_new == len(changes.new)
    assert {sku: item["price"] for sku, item in third.items.items()} == {
        product.sku: product.price for product in shop.products(DAY + 1)
    }


def test_a_crawl_that_was_killed_goes_on_with_what_it_had_kept(worker: Worker) -> None:
    with shops.opened(delay=0.1) as shop:
        target = given.a_target("slow", spider="demo_shop", start_urls=[shop.url])
        _crawled(shop, "slow")
        job_id = triggers.request("slow", Trigger.DASHBOARD).job_id
        awaiting.with_items(job_id, 10)
        worker.crawler().kill()
        job = awaiting.ended(job_id)
        assert (job.status, job.attempt) == (JobStatus.COMPLETED, 2)
        assert job.items_scraped == len(shop.products())
        assert job.items_changed == 0
        assert job.stats["downloader/response_status_count/304"] > 10
        assert "downloader/response_status_count/200" not in job.stats
        assert given.count("cached_pages", "target_id = :id", id=target) == shop.pages + 1
