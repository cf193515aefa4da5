"""Days of the demo shop give exactly the changes its generator made, gone and back included."""

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from demo.catalogue import Shop
from orchestrator import triggers
from orchestrator.ledger import targets
from orchestrator.ledger.models import JobStatus, ScrapingJob, Trigger
from tests import awaiting
from tests.orchestrator.ledger import given
from tests.shops import DAY, OpenShop, opened
from tests.workers import UNHURRIED, Worker, working

#: Back and forth, so that products vanish, come back and change meanwhile.
DAYS = (DAY, DAY + 1, DAY + 2, DAY + 1, DAY + 1, DAY + 4)
#: The crawl of this place is killed half-way.
KILLED = 2

Told = set[tuple[str, str]]


@pytest.fixture(scope="module")
def worker(database: str, redis_url: str) -> Iterator[Worker]:
    with working("--concurrency=1", **UNHURRIED) as worker:
        yield worker


@pytest.fixture(scope="module")
def site() -> Iterator[OpenShop]:
    with opened(delay=0.01) as shop:
        yield shop


@pytest.fixture(scope="module")
def lived(worker: Worker, site: OpenShop) -> list[ScrapingJob]:
    """The jobs of these days, one after the other."""
    target_id = given.a_target("demo_shop", spider="demo_shop", start_urls=[site.on(DAY)])
    return [_crawled(worker, target_id, site.on(day), place) for place, day in enumerate(DAYS)]


def _crawled(worker: Worker, target_id: int, url: str, place: int) -> ScrapingJob:
    given.do(lambda session: _move_to(session, target_id, url))
    job_id = triggers.request(target_id, Trigger.DASHBOARD).job_id
    if place == KILLED:
        awaiting.with_items(job_id, 10)
        os.kill(worker.crawler().pid, signal.SIGKILL)
    assert awaiting.ended(job_id).status is JobStatus.COMPLETED
    awaiting.until(lambda: given.job(job_id).absences_found_at, "what is gone is found")
    return given.job(job_id)


def _move_to(session: Any, target_id: int, url: str) -> None:
    targets.change(session, targets.find(session, target_id), {"start_urls": [url]})


def _expected(site: OpenShop) -> list[Told]:
    """Of each day, what happened to which product, by the generator."""
    known = site.products(DAYS[0])
    there, days = set(known), [{("new", sku) for sku in known}]
    for day in DAYS[1:]:
        now = site.products(day)
        told = {("new", sku) for sku in now.keys() - known.keys()}
        told |= {("back", sku) for sku in (now.keys() & known.keys()) - there}
        told |= {("changed", sku) for sku in now.keys() & known.keys() if now[sku] != known[sku]}
        told |= {("gone", sku) for sku in there - now.keys()}
        days.append(told)
        known |= now
        there = set(now)
    return days


_TOLD = """
    SELECT 'new' AS what, key FROM scraped_items WHERE first_job_id = :job
    UNION ALL SELECT 'changed', key FROM item_revisions r JOIN scraped_items i ON i.id = r.item_id
    WHERE r.job_id = :job
    UNION ALL SELECT 'gone', key FROM item_absences a JOIN scraped_items i ON i.id = a.item_id
    WHERE gone_job_id = :job
    UNION ALL SELECT 'back', key FROM item_absences a JOIN scraped_items i ON i.id = a.item_id
    WHERE back_job_id = :job
"""


def test_each_day_has_exactly_the_changes_that_its_shop_made(
    lived: list[ScrapingJob], site: OpenShop
) -> None:
    assert lived[KILLED].attempt == 2
    expected = _expected(site)
    assert {what for what, _ in expected[3]} >= {"back", "gone"}
    for job, told in zip(lived, expected, strict=True):
        found = [(row.what, row.key) for row in given.execute(_TOLD, job=job.id)]
        assert len(found) == len(told)
        assert set(found) == told


def test_the_counts_of_each_job_are_these_changes(lived: list[ScrapingJob], site: OpenShop) -> None:
    for job, told in zip(lived, _expected(site), strict=True):
        kinds = [what for what, _ in told]
        counts = (job.items_new, job.items_changed, job.items_gone, job.items_back)
        assert counts == tuple(kinds.count(each) for each in ("new", "changed", "gone", "back"))


def test_a_revision_has_the_changed_fields_alone(lived: list[ScrapingJob], site: OpenShop) -> None:
    before, after = site.products(DAYS[0]), site.products(DAYS[1])
    rows = given.execute(
        "SELECT key, r.data, r.added FROM item_revisions r JOIN scraped_items i"
        " ON i.id = r.item_id WHERE r.job_id = :job",
        job=lived[1].id,
    )
    assert {row.key for row in rows} == Shop(site.pages).changes(DAYS[0], DAYS[1]).changed
    for row in rows:
        old, new = before[row.key], after[row.key]
        assert row.added == []
        assert ("price" in row.data) == (old.price != new.price)
        assert ("stock" in row.data) == (old.stock != new.stock)
        assert row.data.keys() <= {"price", "stock", "updated"}
