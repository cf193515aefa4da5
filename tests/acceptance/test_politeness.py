"""Two workers crawl one site together: its budget, its pauses and its crawl-delay hold for both."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import pytest

from orchestrator import sites, triggers
from orchestrator.ledger import sites as ledger
from orchestrator.ledger.models import JobStatus, Trigger
from tests import awaiting, watched_site
from tests.orchestrator.ledger import given
from tests.projects import MODULES
from tests.watched_site import Arrival, WatchedSite
from tests.workers import UNHURRIED, Worker, working

RATE, AT_ONCE = 20, 4
#: How long the rate is measured in the suite; `KUMO_MEASURE_SECONDS=60` measures a whole minute.
WINDOW_SECONDS = float(os.environ.get("KUMO_MEASURE_SECONDS", "6"))
#: A request that began before the site complained may arrive so long after.
UNDER_WAY_SECONDS = 0.15


@pytest.fixture(scope="module")
def workers(database: str, redis_url: str) -> Iterator[list[Worker]]:
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                working("--concurrency=1", KUMO_SPIDER_MODULES=MODULES, **UNHURRIED)
            )
            for _ in range(2)
        ]


@pytest.fixture
def site() -> Iterator[WatchedSite]:
    with watched_site.opened() as site:
        yield site


def _crawled(site: WatchedSite, folder: str, pages: int) -> UUID:
    name = f"{folder}-{given.count('scraping_targets')}"
    given.a_target(name, spider="follow", start_urls=[f"{site.url}/{folder}/{pages}"])
    return triggers.request(name, Trigger.API).job_id


def _budget(site: WatchedSite, rate: float, at_once: int | None = None) -> None:
    row = given.do(ledger.save, site.name, requests_per_second=rate, in_flight=at_once)
    sites.tell(site.name, ledger.budget(site.name, row))


def _from(site: WatchedSite, folder: str, since: float = 0) -> list[Arrival]:
    return [
        each for each in site.arrivals if each.path.startswith(f"/{folder}/") and each.at > since
    ]


def _both_at_work(site: WatchedSite) -> None:
    awaiting.until(
        lambda: len(_from(site, "a")) > 1 and len(_from(site, "b")) > 1, "both crawls at the site"
    )


def test_two_workers_together_keep_the_budget_of_a_site(
    workers: list[Worker], site: WatchedSite
) -> None:
    """And after a 429 with Retry-After neither comes before the time."""
    pages = int(RATE * WINDOW_SECONDS * 0.7)
    # The first to begin is not to be done before the other is there.
    _budget(site, 2, AT_ONCE)
    jobs = [_crawled(site, "a", pages), _crawled(site, "b", pages)]
    _both_at_work(site)
    _budget(site, RATE, AT_ONCE)
    time.sleep(0.5)
    began = time.monotonic()
    time.sleep(WINDOW_SECONDS)
    within = site.between(began, began + WINDOW_SECONDS)
    print(f"{len(within)} requests in {WINDOW_SECONDS:g} s, at {RATE} a second")
    assert 0.8 * RATE * WINDOW_SECONDS < len(within) <= 1.05 * RATE * WINDOW_SECONDS
    assert max(arrival.at_once for arrival in within) <= AT_ONCE

    complained = _complain_once(site, seconds=3)
    assert all(_from(site, folder, since=complained - 3) for folder in ("a", "b"))
    awaiting.until(lambda: site.arrivals[-1].at > complained + 1, "a request after the pause")
    assert not site.between(complained + UNDER_WAY_SECONDS, complained + 3)

    for job_id in jobs:
        job = awaiting.ended(job_id)
        assert (job.status, job.pages_given_up) == (JobStatus.COMPLETED, 0)
        assert job.items_scraped == pages + 1
    assert given.count("crawls", "worker <> (SELECT min(worker) FROM crawls)") == 1


def _complain_once(site: WatchedSite, *, seconds: int) -> float:
    """The moment at which the site complained of a request."""
    complained: list[float] = []

    def refuse(_: str) -> tuple[int, dict[str, str]] | None:
        if complained:
            return None
        complained.append(time.monotonic())
        return 429, {"Retry-After": str(seconds)}

    site.refuse = refuse
    return awaiting.until(lambda: complained, "a complaint")[0]


def test_a_job_says_that_its_site_wants_to_be_left_alone(
    workers: list[Worker], site: WatchedSite
) -> None:
    site.refuse = lambda path: (503, {"Retry-After": "5"}) if path.endswith("/3") else None
    job_id = _crawled(site, "a", 3)
    wait = awaiting.until(lambda: sites.wait_of(job_id), "a word about the wait")
    assert (wait.site, wait.cause) == (site.name, sites.Cause.ASKED)
    site.refuse = lambda _: None
    assert awaiting.ended(job_id).status is JobStatus.COMPLETED
    assert sites.wait_of(job_id) is None


def test_a_job_gives_its_slot_back_when_its_site_asks_for_a_long_pause(
    workers: list[Worker], site: WatchedSite
) -> None:
    site.refuse = lambda path: (429, {"Retry-After": "3000"}) if path.endswith("/3") else None
    job_id = _crawled(site, "a", 3)
    awaiting.until(lambda: given.job(job_id).finish_reason == "site_pause", "its slot is free")
    job = given.job(job_id)
    assert (job.status, job.failures) == (JobStatus.PENDING, 0)
    assert timedelta(minutes=45) < job.run_after - job.queued_at < timedelta(minutes=51)
    assert job.error_message
    assert job.error_message.startswith(f"{site.name} asked for a pause until ")
    assert len(_from(site, "a")) == 1


def test_a_crawl_delay_holds_for_every_crawl_of_its_site(workers: list[Worker]) -> None:
    with watched_site.opened(robots="User-agent: *\nCrawl-delay: 0.5\n") as site:
        jobs = [_crawled(site, "a", 3), _crawled(site, "b", 3)]
        for job_id in jobs:
            assert awaiting.ended(job_id).status is JobStatus.COMPLETED
        came = [each.at for each in site.arrivals if each.path != "/robots.txt"]
    gaps = [later - earlier for earlier, later in pairwise(came)]
    assert len(came) == 8
    # The machine may hold one up and not the next; two crawls by themselves would have no gaps.
    assert sum(gaps) / len(gaps) > 0.48
    assert min(gaps) > 0.2


def test_a_budget_that_is_changed_is_felt_by_a_crawl_within_seconds(
    workers: list[Worker], site: WatchedSite
) -> None:
    _budget(site, 0.5)
    job_id = _crawled(site, "a", 20)
    awaiting.until(lambda: len(_from(site, "a")) > 0, "its first page")
    _budget(site, 100)
    assert awaiting.ended(job_id, seconds=10).status is JobStatus.COMPLETED
