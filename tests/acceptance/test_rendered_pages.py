"""A target that renders is crawled with a browser, by a worker that has one, and exactly so."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from orchestrator import triggers
from orchestrator.ledger.models import JobStatus, ScrapingJob, Trigger
from tests import awaiting, shops
from tests.orchestrator.ledger import given
from tests.shops import OpenShop
from tests.workers import UNHURRIED, Worker, working

_PRICE = {
    "fields": [
        {"name": "name", "css": "h1"},
        {"name": "price", "css": ".price data", "attribute": "value", "clean": ["number"]},
    ]
}


@pytest.fixture(scope="module")
def worker(database: str, redis_url: str) -> Iterator[Worker]:
    with working("-Q", "crawls,browser", "--concurrency=2", **UNHURRIED) as worker:
        yield worker


@pytest.fixture(scope="module")
def shop() -> Iterator[OpenShop]:
    """A small shop."""
    with shops.opened(9) as shop:
        yield shop


def _requested(name: str, shop: OpenShop, **fields: Any) -> Any:
    fields = {"spider": "demo_shop", "start_urls": [f"{shop.url}/?prices=script"]} | fields
    given.a_target(name, **fields)
    return triggers.request(name, Trigger.API).job_id


def _prices(job: ScrapingJob) -> dict[str, float | None]:
    rows = given.execute("SELECT key, data FROM scraped_items WHERE last_job_id = :id", id=job.id)
    return {row.key: row.data.get("price") for row in rows}


def _sold(shop: OpenShop) -> dict[str, float]:
    return {sku: product.price for sku, product in shop.products().items()}


def _assert_whole(job: ScrapingJob, shop: OpenShop) -> None:
    assert job.status is JobStatus.COMPLETED, f"{job.finish_reason}: {job.error_message}"
    assert _prices(job) == _sold(shop)
    assert job.items_scraped == len(_sold(shop))
    assert (job.items_rejected, job.pages_given_up, job.errors) == (0, 0, 0)


def _browsers() -> list[psutil.Process]:
    """Those that crawls have started."""
    told = ((each, each.info["cmdline"] or ()) for each in psutil.process_iter(["cmdline"]))
    return [each for each, words in told if any("kumo-browser-" in word for word in words)]


def test_prices_written_by_script_are_found_by_a_target_that_renders_and_by_no_other(
    worker: Worker, shop: OpenShop
) -> None:
    plain = _requested("plain", shop)
    rendered = _requested("rendered", shop, render=True)
    job = awaiting.ended(rendered, seconds=90)
    _assert_whole(job, shop)
    assert job.pages == shop.pages
    assert job.definition["render"] is True
    loud = "SELECT message FROM job_log_lines WHERE job_id = :id AND level > 20"
    assert given.execute(loud, id=job.id) == []
    assert set(_prices(awaiting.ended(plain)).values()) == {None}
    awaiting.until(lambda: not _browsers(), "no browser left")
    product = next(iter(shop.products().values()))
    page = f"{shop.url}{product.path}?prices=script"
    by_recipe = _requested(
        "by_recipe", shop, spider="selector", start_urls=[page], arguments=_PRICE, render=True
    )
    assert list(_prices(awaiting.ended(by_recipe, seconds=60)).values()) == [product.price]


def test_a_crawler_that_is_killed_leaves_no_browser_and_its_job_ends_right(
    worker: Worker, shop: OpenShop
) -> None:
    job_id = _requested("killed", shop, render=True)
    awaiting.with_items(job_id, 1)
    left = awaiting.until(_browsers, "a browser")
    worker.crawler().kill()
    awaiting.until(lambda: not any(map(psutil.Process.is_running, left)), "its browser gone")
    job = awaiting.ended(job_id, seconds=90)
    assert job.attempt == 2
    _assert_whole(job, shop)
    awaiting.until(lambda: not _browsers(), "no browser left")


def test_a_worker_that_is_killed_leaves_no_browser(worker: Worker, shop: OpenShop) -> None:
    _requested("orphaned", shop, render=True)
    awaiting.until(_browsers, "a browser")
    worker.kill()
    awaiting.until(lambda: not _browsers(), "no browser left")


def test_a_browser_that_does_not_start_fails_the_job_and_says_why(
    database: str, redis_url: str, shop: OpenShop, tmp_path: Path
) -> None:
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\necho no usable sandbox here >&2; exit 3\n")
    broken.chmod(0o755)
    with working("-Q", "browser", KUMO_CHROMIUM=str(broken), **UNHURRIED):
        job = awaiting.ended(_requested("broken", shop, render=True, max_attempts=1))
    assert (job.status, job.finish_reason) == (JobStatus.FAILED, "browser_failed")
    assert "no usable sandbox here" in (job.error_message or "")
