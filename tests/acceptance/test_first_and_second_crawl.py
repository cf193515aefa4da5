"""A crawl records exactly what the shop sells; the next one tells what has changed."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis

from demo.catalogue import Shop
from orchestrator import triggers
from orchestrator.ledger import targets
from orchestrator.ledger.models import JobStatus, ScrapingJob, Trigger
from tests import awaiting
from tests.orchestrator.ledger import given
from tests.shops import DAY, OpenShop
from tests.workers import UNHURRIED, Worker, working


@pytest.fixture(scope="module")
def worker(database: str, redis_url: str) -> Iterator[Worker]:
    with working("--concurrency=2", **UNHURRIED) as worker:
        yield worker


@pytest.fixture(scope="module")
def first(worker: Worker, shop: OpenShop) -> ScrapingJob:
    """The first crawl of the shop."""
    given.a_target("demo_shop", spider="demo_shop", start_urls=[shop.on(DAY)])
    return awaiting.ended(triggers.request("demo_shop", Trigger.DASHBOARD).job_id)


@pytest.fixture(scope="module")
def second(first: ScrapingJob, shop: OpenShop) -> ScrapingJob:
    """The crawl of the day after."""
    given.do(_move_to, first.target_id, shop.on(DAY + 1))
    return awaiting.ended(triggers.request("demo_shop", Trigger.DASHBOARD).job_id)


def _move_to(session: Any, target_id: int, url: str) -> None:
    targets.change(session, targets.find(session, target_id), {"start_urls": [url]})


def _items() -> dict[str, dict[str, Any]]:
    return {row.key: row.data for row in given.execute("SELECT key, data FROM scraped_items")}


def _shown(items: dict[str, dict[str, Any]]) -> dict[str, tuple[str, float, int, str]]:
    return {
        sku: (item["name"], item["price"], item["stock"], item["updated"])
        for sku, item in items.items()
    }


def _sold(shop: OpenShop, day: int) -> dict[str, tuple[str, float, int, str]]:
    return {
        sku: (product.name, product.price, product.stock, str(product.updated))
        for sku, product in shop.products(day).items()
    }


def test_the_first_crawl_records_each_product_of_the_shop(
    first: ScrapingJob, shop: OpenShop
) -> None:
    products = shop.products()
    assert (first.status, first.trigger, first.attempt) == ("completed", "dashboard", 1)
    assert first.error_message is None
    assert first.items_scraped == first.items_new == len(products)
    assert (first.items_changed, first.items_rejected, first.errors) == (0, 0, 0)
    seen = given.count("scraped_items", "first_job_id = :job", job=first.id)
    assert seen == first.items_scraped
    assert first.pages == shop.pages


def test_its_log_and_its_attempt_are_kept(first: ScrapingJob) -> None:
    lines = given.execute(
        "SELECT seq, message FROM job_log_lines WHERE job_id = :job ORDER BY seq", job=first.id
    )
    assert [line.seq for line in lines] == sorted({line.seq for line in lines})
    assert any("Spider opened" in line.message for line in lines)
    assert any("Closing spider" in line.message for line in lines)
    attempts = given.execute(
        "SELECT attempt, outcome, pages, ended_at FROM crawls WHERE job_id = :job", job=first.id
    )
    assert [(row.attempt, row.outcome, row.pages) for row in attempts] == [
        (1, "finished", first.pages)
    ]


def test_a_job_that_ended_leaves_nothing_in_redis(first: ScrapingJob, redis_url: str) -> None:
    def of_jobs(client: redis.Redis) -> list[bytes]:
        # What is known of a site outlives the jobs that crawl it.
        keys = client.keys("kumo:*")
        assert isinstance(keys, list)
        return [key for key in keys if not key.startswith(b"kumo:site")]

    with redis.Redis.from_url(redis_url) as client:
        awaiting.until(lambda: not of_jobs(client), "no key of an ended job")
        assert not client.hgetall("kumo:waits")


def test_a_second_crawl_tells_new_changed_and_unchanged_apart(
    second: ScrapingJob, shop: OpenShop
) -> None:
    changes = Shop(shop.pages).changes(DAY, DAY + 1)
    assert changes.new
    assert changes.changed
    assert changes.unchanged
    assert second.status is JobStatus.COMPLETED
    assert second.items_scraped == len(shop.products(DAY + 1))
    assert second.items_new == len(changes.new)
    assert second.items_changed == len(changes.changed)
    unchanged = given.execute(
        "SELECT key FROM scraped_items WHERE last_job_id = :job AND changed_at = first_seen_at"
        " AND first_job_id <> :job",
        job=second.id,
    )
    assert {row.key for row in unchanged} == changes.unchanged


def test_what_an_item_was_before_it_changed_is_kept(second: ScrapingJob, shop: OpenShop) -> None:
    changes = Shop(shop.pages).changes(DAY, DAY + 1)
    revisions = {
        row.key: row.data
        for row in given.execute(
            "SELECT i.key, (i.data - r.added) || r.data AS data"
            " FROM item_revisions r JOIN scraped_items i ON i.id = r.item_id"
            " WHERE r.job_id = :job",
            job=second.id,
        )
    }
    assert revisions.keys() == changes.changed
    before = _sold(shop, DAY)
    assert _shown(revisions) == {sku: before[sku] for sku in changes.changed}


def test_the_items_are_what_the_shop_shows_now_and_what_has_gone(
    second: ScrapingJob, shop: OpenShop
) -> None:
    assert _shown(_items()) == _sold(shop, DAY) | _sold(shop, DAY + 1)


def test_a_third_crawl_of_the_same_day_changes_nothing(second: ScrapingJob, shop: OpenShop) -> None:
    before = _items()
    third = awaiting.ended(triggers.request("demo_shop", Trigger.DASHBOARD).job_id)
    assert third.items_scraped == second.items_scraped
    assert (third.items_new, third.items_changed) == (0, 0)
    assert _items() == before
    assert not given.count("item_revisions", "job_id = :job", job=third.id)
