"""No page, redirect, sitemap, robots.txt or name leads a crawl into its own network."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest

from orchestrator import triggers
from orchestrator.ledger.models import JobStatus, ScrapingJob, Trigger
from tests import awaiting, scraping
from tests.orchestrator.ledger import given
from tests.projects import MODULES
from tests.projects.addresses_are_hostile.spiders import NAMES
from tests.spiders_project import hostile_addresses, luring_site
from tests.spiders_project.luring_site import LuringSite
from tests.workers import UNHURRIED, Worker, working

AT_ONCE = {"CONCURRENT_REQUESTS": 256}
ENVIRONMENT = {"KUMO_ALLOW_NETWORKS": luring_site.NETWORK, "KUMO_CONTACT": "crawls@example.org"}


@pytest.fixture(scope="module")
def worker(database: str, redis_url: str) -> Iterator[Worker]:
    with working(
        "--concurrency=3", KUMO_SPIDER_MODULES=MODULES, **ENVIRONMENT, **UNHURRIED
    ) as worker:
        yield worker


@pytest.fixture(scope="module")
def site() -> Iterator[LuringSite]:
    with luring_site.opened() as site:
        yield site


@pytest.fixture(autouse=True)
def _nobody_is_lured(site: LuringSite) -> Iterator[None]:
    site.lured.clear()
    yield
    assert not site.lured


def _requested(spider: str, *start_urls: str, **fields: Any) -> UUID:
    name = f"{spider}-{given.count('scraping_targets')}"
    fields = {"start_urls": list(start_urls), "settings": AT_ONCE} | fields
    given.a_target(name, spider=spider, **fields)
    return triggers.request(name, Trigger.API).job_id


def _completed(job_id: UUID) -> ScrapingJob:
    job = awaiting.ended(job_id)
    assert job.status is JobStatus.COMPLETED, f"{job.finish_reason}: {job.error_message}"
    return job


def _given_up(job_id: UUID) -> dict[str, str]:
    """Why each address was given up."""
    rows = given.execute("SELECT url, reason FROM charged_pages WHERE job_id = :id", id=job_id)
    return {row.url: row.reason for row in rows}


def _reasons(job_id: UUID, way: str) -> list[str]:
    return [reason for url, reason in _given_up(job_id).items() if f"/{way}?" in url]


def _read(job_id: UUID) -> set[str]:
    rows = given.execute("SELECT data FROM scraped_items WHERE last_job_id = :id", id=job_id)
    return {row.data["url"] for row in rows}


def _met(job: ScrapingJob, site: LuringSite) -> set[str]:
    """The hosts that the crawl tried to connect to on the site's port."""
    assert job.stats
    met = (each.rpartition("|") for each in job.stats["connected_to"].split())
    return {host for host, _, port in met if port == str(site.port) or not host.startswith("127.")}


def _assert_told(reasons: list[str], hostile: dict[str, str]) -> None:
    """As many of each kind as there are addresses of that kind."""
    for why in set(hostile.values()):
        told = sum(why in reason for reason in reasons)
        assert told == sum(each == why for each in hostile.values()), why
    refused = [reason for reason in reasons if "invalid hostname" not in reason]
    assert all("KUMO_ALLOW_NETWORKS" in reason for reason in refused)


def test_a_target_that_starts_at_hostile_addresses_fails_and_says_what_to_do(
    worker: Worker, site: LuringSite
) -> None:
    hostile = site.hostile("start")
    assert len(hostile) >= 120
    readable = [url for url, why in hostile.items() if why != "invalid hostname"]
    job = awaiting.ended(_requested("lured", *readable))
    assert (job.status, job.finish_reason, job.attempt) == ("failed", "address_refused", 1)
    assert "list it in KUMO_ALLOW_NETWORKS" in (job.error_message or "")
    _assert_told(_reasons(job.id, "start"), {url: hostile[url] for url in readable})
    assert _met(job, site) == set()


def test_links_redirects_and_refreshes_to_hostile_addresses_are_given_up(
    worker: Worker, site: LuringSite
) -> None:
    job = _completed(_requested("lured", f"{site.url}/lures"))
    for way in ("link", "redirect", "refresh"):
        _assert_told(_reasons(job.id, way), site.hostile(way))
    assert _met(job, site) == _hosts(site)


def test_a_robots_txt_that_redirects_to_a_hostile_address_keeps_no_page_away(
    worker: Worker, site: LuringSite
) -> None:
    pages = [f"{host}/good" for host in site.hosts_with_robots()]
    job = _completed(_requested("lured", *pages))
    assert _read(job.id) == set(pages)
    assert _met(job, site) == _hosts(site) - {luring_site.HOST}


def test_sitemaps_of_hostile_addresses_and_at_hostile_addresses_are_given_up(
    worker: Worker, site: LuringSite
) -> None:
    start = (f"{site.url}/sitemap.xml", f"{site.url}/robots.txt")
    job = _completed(_requested("lured_by_sitemap", *start))
    for way in ("sitemap", "robots-sitemap"):
        _assert_told(_reasons(job.id, way), site.hostile(way))
    assert _met(job, site) == {luring_site.HOST}


def test_the_address_that_was_checked_is_the_one_that_is_connected_to(
    worker: Worker, site: LuringSite
) -> None:
    pages = [f"http://{name}:{site.port}/good?{n}" for name in NAMES for n in range(6)]
    job = _completed(_requested("lured_by_names", site.links(*pages)))
    read, reasons = _read(job.id), _given_up(job.id)
    assert read & set(pages) | set(reasons) == set(pages)
    by_name = {name: [why for url, why in reasons.items() if f"/{name}:" in url] for name in NAMES}
    refused = {
        "rebinds.test": "127.0.0.1 (loopback)",
        "rebinds-to-six.test": "::1 (loopback)",
        "inner.test": "127.0.0.1 (loopback)",
        "mapped.test": "::ffff:127.0.0.1 (loopback)",
        "metadata.test": "169.254.169.254 (metadata)",
        "no-number.test": "localhost (no address)",
    }
    assert {name for name, said in by_name.items() if said} == refused.keys()
    assert all(address in why for name, address in refused.items() for why in by_name[name])
    assert {url.split("/")[2].split(":")[0] for url in read} == {
        luring_site.HOST, "rebinds.test", "rebinds-to-six.test", "has-both.test"
    }  # fmt: skip
    assert _met(job, site) == {luring_site.HOST}


def test_no_scheme_but_http_and_https_is_followed(worker: Worker, site: LuringSite) -> None:
    others = hostile_addresses.other_schemes(site.port)
    ways = ("", "/redirect-elsewhere?", "/refresh-elsewhere?")
    links = [way + (quote(url, safe="") if way else url) for way in ways for url in others]
    job = _completed(_requested("lured", site.links(*map(quote, links))))
    reasons = _given_up(job.id).values()
    assert [reason for reason in reasons if "Unsupported URL scheme" not in reason] == []
    assert len(reasons) == len(others)
    assert all(url.startswith(f"{site.url}/") for url in _read(job.id))
    assert _met(job, site) == {luring_site.HOST}


def test_a_proxy_is_no_way_round(worker: Worker, site: LuringSite) -> None:
    proxy = {"arguments": {"proxy": f"http://127.0.0.1:{site.port}"}}
    pages = ("http://10.0.0.1/", "https://10.0.0.1/", f"{site.url}/good")
    job = awaiting.ended(_requested("lured_by_a_proxy", *pages, **proxy))
    assert (job.status, job.finish_reason) == ("failed", "address_refused")
    assert "It would be fetched by the proxy 127.0.0.1" in (job.error_message or "")
    assert _met(job, site) == {luring_site.HOST}  # for its robots.txt, directly


def test_a_crawl_in_a_terminal_is_guarded_too_and_so_is_the_proxy_of_the_environment(
    site: LuringSite,
) -> None:
    crawl = ("crawl", "demo_shop", "-a", f"start_url=http://127.0.0.1:{site.port}/")
    direct = scraping.scrapy(*crawl, **ENVIRONMENT)
    proxied = scraping.scrapy(*crawl, http_proxy=f"http://127.0.0.1:{site.port}", **ENVIRONMENT)
    _, _, logged = scraping.ended(direct)
    assert f"127.0.0.1:{site.port}/ is not fetched: It leads to 127.0.0.1 (loopback)" in logged
    _, _, logged = scraping.ended(proxied)
    assert "is not fetched: It would be fetched by the proxy 127.0.0.1" in logged


def test_a_site_is_told_whom_to_turn_to(worker: Worker, site: LuringSite) -> None:
    site.agents.clear()
    _completed(_requested("lured", f"{site.url}/good"))
    assert site.agents == {"Kumo/0.1 (+crawls@example.org)"}


def _hosts(site: LuringSite) -> set[str]:
    return {url.split("/")[2].split(":")[0] for url in (site.url, *site.hosts_with_robots())}
