"""`scrapy crawl` as Scrapy's own users know it: with no database, with a target, recorded."""

import signal

import pytest

from orchestrator import triggers
from orchestrator.ledger.models import ScrapingJob, Trigger
from tests import awaiting, scraping
from tests.orchestrator.ledger import given
from tests.shops import DAY, OpenShop

PRINTED = ("-O", "-:jsonlines")
TABLES = ("scraping_jobs", "crawls", "scraped_items", "job_log_lines", "rejected_items")


@pytest.fixture(autouse=True)
def _target(database: str, redis_url: str, shop: OpenShop) -> None:
    given.execute(f"TRUNCATE {', '.join(TABLES)}, scraping_targets CASCADE")
    given.a_target("demo_shop", spider="demo_shop", start_urls=[shop.on(DAY)])


def _the_job() -> ScrapingJob:
    ((job_id,),) = given.execute("SELECT id FROM scraping_jobs")
    return given.job(job_id)


def test_it_prints_items_with_no_database_at_all(
    shop: OpenShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.delenv("REDIS_URL")
    crawl = scraping.scrapy("crawl", "demo_shop", *PRINTED, KUMO_DEMO_URL=shop.url)
    status, said, logged = scraping.ended(crawl)
    assert status == 0, logged
    assert {item["sku"] for item in scraping.items_of(said)} == shop.products().keys()


def test_the_list_of_spiders_needs_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL")
    status, said, _ = scraping.ended(scraping.scrapy("list"))
    assert status == 0
    without_code = ["api", "feed", "selector", "sitemap", "structured"]
    assert said.split() == sorted(["books_toscrape", "demo_shop", "quotes_toscrape", *without_code])


def test_it_takes_its_start_from_a_target_and_writes_nothing(shop: OpenShop) -> None:
    crawl = scraping.scrapy("crawl", "demo_shop", "-a", "target=demo_shop", *PRINTED)
    status, said, logged = scraping.ended(crawl)
    assert status == 0, logged
    assert {item["sku"] for item in scraping.items_of(said)} == shop.products().keys()
    assert {table: given.count(table) for table in TABLES} == dict.fromkeys(TABLES, 0)


def test_a_target_that_is_not_there_is_said_in_a_sentence() -> None:
    crawl = scraping.scrapy("crawl", "demo_shop", "-a", "target=no_such_shop")
    status, _, logged = scraping.ended(crawl)
    assert status != 0
    assert "There is no target 'no_such_shop'; `kumo targets list` shows all." in logged


def test_recorded_it_is_a_job_like_any_other(shop: OpenShop) -> None:
    arguments = ("-a", "target=demo_shop", "-s", "KUMO_RECORD=1")
    status, _, logged = scraping.ended(scraping.scrapy("crawl", "demo_shop", *arguments))
    assert status == 0, logged
    job = _the_job()
    assert (job.status, job.trigger, job.attempt) == ("completed", "cli", 1)
    assert job.finish_reason == "finished"
    assert job.items_scraped == job.items_new == len(shop.products())
    assert given.count("scraped_items", "last_job_id = :job", job=job.id) == job.items_scraped
    assert job.pages == shop.pages
    assert given.count("crawls", "ended_at IS NULL") == 0


def test_a_recorded_crawl_that_cannot_reach_its_site_fails_at_once() -> None:
    arguments = ("-a", "start_url=http://127.0.0.1:9/", "-s", "KUMO_RECORD=1")
    _, _, logged = scraping.ended(
        scraping.scrapy("crawl", "demo_shop", "-s", "RETRY_TIMES=0", *arguments)
    )
    job = _the_job()
    assert (job.status, job.finish_reason) == ("failed", "site_unreachable"), logged
    assert job.error_message
    assert job.error_message.startswith("No start page could be read:")


def test_it_is_not_recorded_while_another_job_of_its_target_is_active() -> None:
    active = triggers.request("demo_shop", Trigger.CLI)
    crawl = scraping.scrapy("crawl", "demo_shop", "-s", "KUMO_RECORD=1")
    status, _, logged = scraping.ended(crawl)
    assert status != 0
    assert f"Not recorded: job {active.job_id} of this target is pending already." in logged
    assert _the_job().status == "pending"


def test_ctrl_c_on_a_recorded_crawl_cancels_its_job(slow_shop: OpenShop) -> None:
    arguments = ("-a", f"start_url={slow_shop.url}", "-s", "KUMO_RECORD=1")
    crawl = scraping.scrapy("crawl", "demo_shop", *arguments, KUMO_CHECKPOINT_SECONDS="0.2")
    awaiting.until(lambda: given.count("scraped_items") or crawl.poll(), "a recorded item")
    crawl.send_signal(signal.SIGINT)
    _, _, logged = scraping.ended(crawl)
    job = _the_job()
    assert (job.status, job.finish_reason) == ("cancelled", "cancelled"), logged
    assert 0 < job.items_scraped < len(slow_shop.products())
    assert given.count("scraped_items", "last_job_id = :job", job=job.id) == job.items_scraped
