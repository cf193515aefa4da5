"""The five spiders without code, as real crawls: what their targets' arguments say is recorded."""

import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import pytest

from orchestrator import triggers
from orchestrator.cli import kumo
from orchestrator.ledger import samples
from orchestrator.ledger.models import ScrapingJob, Trigger
from orchestrator.ledger.new_samples import Place
from tests import awaiting, scraping
from tests.acceptance import recipe_site
from tests.acceptance.recipe_site import BOMB, PAGES, PER_PAGE, RecipeSite
from tests.orchestrator.ledger import given
from tests.shops import DAY, OpenShop
from tests.workers import UNHURRIED, Worker, working

ROOT = Path(__file__).parents[2]
SECRETS = {"KUMO_SECRET_TOKEN": "t0p secret", "KUMO_SECRET_SHOP": "k&y"}
WAYS = [{"css": ".categories a"}, {"css": ".card > a"}, {"css": ".pagination a"}]
PRODUCT = [
    {"name": "sku", "css": ".sku", "required": True},
    {"name": "name", "css": "h1"},
    {"name": "price", "css": ".price", "clean": [{"step": "price", "currency": "currency"}]},
    {"name": "updated", "css": ".updated", "clean": [{"step": "date", "locale": "en"}]},
]
API = {
    "list": "entries",
    "fields": [{"name": "id", "path": "id"}, {"name": "name", "path": "name.ja"}],
    "next_page": {"parameter": "page"},
    "headers": {"X-Token": {"secret": "TOKEN"}},
}
ROWS = {"items": {"css": ".row:nth-child(2n+1)"}, "fields": [{"name": "b", "css": "b"}]}

Recipe = dict[str, Any]


@pytest.fixture(scope="module")
def site() -> Iterator[RecipeSite]:
    with recipe_site.opened() as site:
        yield site


@pytest.fixture(scope="module")
def jobs(database: str, redis_url: str, shop: OpenShop, site: RecipeSite) -> Iterator[Any]:
    """All crawls of this file, which one worker serves together."""
    targets: dict[str, tuple[str, str, Recipe]] = {
        "selector": (shop.on(DAY), "selector", {"fields": PRODUCT, "follow": WAYS}),
        "structured": (shop.on(DAY), "structured", {"types": ["Product"], "follow": WAYS}),
        "sitemap": (
            f"{shop.url}/sitemap.xml",
            "sitemap",
            {"pattern": "/products/", "page": {"selector": {"fields": PRODUCT}}},
        ),
        "feed": (f"{shop.url}/feed.xml?day={DAY}", "feed", {}),
        "api": (f"{site.url}/api?key=${{SHOP}}", "api", API),
        "bomb": (f"{site.url}/", "selector", {**ROWS, "follow": [{"pattern": "."}]}),
        "loop": (f"{site.url}/loop", "selector", {**ROWS, "next_page": {"css": ".next"}}),
        "few": (shop.on(DAY), "selector", {"fields": PRODUCT, "follow": WAYS, "most_pages": 5}),
        "secretive": (f"{site.url}/api", "api", {"headers": {"X": {"secret": "OTHER"}}}),
    }
    for name, (url, spider, recipe) in targets.items():
        given.a_target(name, spider=spider, start_urls=[url], arguments=recipe, max_attempts=1)
    readme(shop)
    with working("--concurrency=3", **SECRETS, **UNHURRIED) as worker:
        names = (*targets, "offers")
        yield worker, {name: triggers.request(name, Trigger.API).job_id for name in names}


def readme(shop: OpenShop) -> None:
    """Makes the target that the README shows."""
    lines = (ROOT / "README.md").read_text().splitlines()
    line = next(line for line in lines if line.startswith("kumo targets add offers"))
    _, *arguments = shlex.split(line.replace("http://127.0.0.1:8001", shop.url))
    kumo.main(arguments, standalone_mode=False)


@pytest.fixture
def ended(jobs: tuple[Worker, dict[str, UUID]]) -> Any:
    return lambda name: awaiting.ended(jobs[1][name])


def items_of(name: str) -> list[dict[str, Any]]:
    found = given.execute(
        "SELECT data FROM scraped_items JOIN scraping_targets AS t ON t.id = target_id"
        " WHERE t.name = :name",
        name=name,
    )
    return [data for (data,) in found]


def complete(job: ScrapingJob) -> ScrapingJob:
    assert job.status == "completed", f"{job.finish_reason}: {job.error_message}"
    return job


def test_a_few_pages_of_a_crawl_are_kept_and_no_secret_with_them(ended: Any) -> None:
    job = complete(ended("selector"))
    start, product, *_ = given.do(samples.of_job, job.id)
    assert (start.place, start.items, product.items) == (Place.START, 0, 1)
    filled = ("url", "sku", "name", "price", "currency", "updated")
    assert product.filled == dict.fromkeys(filled, 1)
    assert b'class="price"' in given.do(samples.body, job.id, product.place)
    asked, *_ = given.do(samples.of_job, complete(ended("api")).id)
    assert asked.url.endswith("?key=$%7BSHOP%7D")


@pytest.mark.parametrize("name", ["selector", "sitemap"])
def test_selectors_find_every_product(ended: Any, shop: OpenShop, name: str) -> None:
    complete(ended(name))
    found = {item["sku"]: item for item in items_of(name)}
    products = shop.products()
    assert found.keys() == products.keys()
    for sku, item in found.items():
        assert item["name"] == products[sku].name
        assert item["currency"] == "EUR"
        assert item["url"].startswith(shop.url)
    if name == "selector":
        assert {sku: item["price"] for sku, item in found.items()} == {
            sku: float(product.price) for sku, product in products.items()
        }
        assert {item["updated"] for item in found.values()} == {
            str(product.updated) for product in products.values()
        }


def test_what_pages_describe_needs_no_selectors(ended: Any, shop: OpenShop) -> None:
    complete(ended("structured"))
    found = {item["sku"]: item for item in items_of("structured")}
    assert found.keys() == shop.products().keys()
    assert {"url", "name", "offers_price"} <= next(iter(found.values())).keys()


def test_the_target_of_the_readme_finds_every_product(ended: Any, shop: OpenShop) -> None:
    complete(ended("offers"))
    assert {item["sku"] for item in items_of("offers")} == shop.products().keys()


def test_entries_of_a_feed_are_items(ended: Any, shop: OpenShop) -> None:
    complete(ended("feed"))
    names = {product.name for product in shop.products().values()}
    found = items_of("feed")
    assert found
    assert {item["title"] for item in found} <= names
    assert all(item["url"].startswith(shop.url) and item["published"] for item in found)


def test_answers_of_an_api_are_counted_on_until_one_is_empty(ended: Any) -> None:
    job = complete(ended("api"))
    assert {item["id"] for item in items_of("api")} == set(range(PAGES * PER_PAGE))
    assert job.pages == PAGES + 1


def test_secrets_are_sent_and_kept_nowhere(ended: Any, site: RecipeSite) -> None:
    complete(ended("api"))
    sent = [(path, headers) for path, headers in site.asked if "/api?key" in path]
    assert {headers["x-token"] for _, headers in sent} == {"t0p secret"}
    for table in ("scraping_jobs", "scraped_items", "job_log_lines", "scraping_targets", "crawls"):
        rows = given.execute(f"SELECT t::text FROM {table} AS t")
        assert not [row for (row,) in rows if "t0p" in row or "k&y" in row or "k%26y" in row]


def test_a_secret_that_is_missing_fails_the_job_and_names_the_variable(ended: Any) -> None:
    job = ended("secretive")
    assert (job.status, job.finish_reason) == ("failed", "secret_missing")
    assert "KUMO_SECRET_OTHER" in job.error_message


def test_a_page_that_takes_for_ever_is_given_up_alone(ended: Any, jobs: Any) -> None:
    job = complete(ended("bomb"))
    assert len(BOMB) < 5_000_000
    assert {item["b"] for item in items_of("bomb")} == {"/", "/good/1", "/good/2"}
    ((url, reason),) = given.execute(
        "SELECT url, reason FROM charged_pages WHERE job_id = :job", job=job.id
    )
    assert (url.rpartition("/")[2], reason) == (
        "bomb",
        "Reading it took longer than 5 s and was stopped.",
    )


def test_a_next_page_that_is_the_page_itself_ends_the_crawl(ended: Any) -> None:
    assert complete(ended("loop")).pages == 1


def test_most_pages_closes_the_crawl(ended: Any) -> None:
    job = complete(ended("few"))
    assert job.finish_reason == "most_pages"
    assert job.items_scraped <= 5


def test_no_extraction_process_outlives_its_crawl(ended: Any, jobs: Any) -> None:
    worker, ids = jobs
    for name in ids:
        ended(name)
    awaiting.until(lambda: not worker.crawlers(), "the crawlers gone")
    crawls = {pid for (pid,) in given.execute("SELECT pid FROM crawls")}
    assert len(crawls) >= len(ids)
    # What a crawl starts is of its process group.
    awaiting.until(lambda: not crawls.intersection(groups()), "all that they started gone")


def groups() -> set[int]:
    return {group for pid in psutil.pids() if (group := group_of(pid))}


def group_of(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def test_scrapy_crawl_debugs_a_target_without_code(jobs: Any, shop: OpenShop) -> None:
    crawl = scraping.scrapy("crawl", "selector", "-a", "target=selector", "-O", "-:jsonlines")
    status, said, logged = scraping.ended(crawl)
    assert status == 0, logged
    assert {item["sku"] for item in scraping.items_of(said)} == shop.products().keys()
