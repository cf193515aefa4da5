"""Thirty days of the demo shop give exactly the changes its generator made, to the field."""

import os
import signal
from collections.abc import Iterator
from itertools import accumulate
from random import Random
from typing import Any

import pytest

from demo.catalogue import Product
from orchestrator import triggers
from orchestrator.ledger import targets
from orchestrator.ledger.models import JobStatus, ScrapingJob, Trigger
from tests import awaiting
from tests.orchestrator.ledger import given
from tests.shops import DAY, OpenShop, opened
from tests.workers import UNHURRIED, working

#: Forth, and at times back, so that products vanish, come back and have changed meanwhile.
_STEPS = Random(5).choices((1, 2, 0, -1), (6, 2, 1, 2), k=29)
DAYS = tuple(accumulate(_STEPS, initial=DAY))
#: One crawl in five is killed half-way.
KILLED = range(2, len(DAYS), 5)

#: What happened, to which product, and what of it was different before.
Told = dict[tuple[str, str], dict[str, Any]]


@pytest.fixture(scope="module")
def worker(database: str, redis_url: str) -> Iterator[None]:
    with working("--concurrency=1", **UNHURRIED):
        yield


@pytest.fixture(scope="module")
def site() -> Iterator[OpenShop]:
    with opened(36, delay=0.25) as shop:
        yield shop


@pytest.fixture(scope="module")
def lived(worker: None, site: OpenShop) -> list[ScrapingJob]:
    """The jobs of these days, one after the other."""
    target_id = given.a_target("demo_shop", spider="demo_shop", start_urls=[site.on(DAY)])
    return [_crawled(target_id, site.on(day), place) for place, day in enumerate(DAYS)]


def _crawled(target_id: int, url: str, place: int) -> ScrapingJob:
    given.do(lambda session: _move_to(session, target_id, url))
    job_id = triggers.request(target_id, Trigger.DASHBOARD).job_id
    if place in KILLED:
        awaiting.with_items(job_id, 1)
        pid = given.execute("SELECT pid FROM crawls WHERE job_id = :id", id=job_id)[0].pid
        os.kill(pid, signal.SIGKILL)
    assert awaiting.ended(job_id).status is JobStatus.COMPLETED
    awaiting.until(lambda: given.job(job_id).absences_found_at, "what is gone is found")
    return given.job(job_id)


def _move_to(session: Any, target_id: int, url: str) -> None:
    targets.change(session, targets.find(session, target_id), {"start_urls": [url]})


def _expected(site: OpenShop) -> list[Told]:
    """Of each day, what happened to which product, by the generator."""
    known = site.products(DAYS[0])
    there, days = set(known), [{("new", sku): {} for sku in known}]
    for day in DAYS[1:]:
        now = site.products(day)
        told: Told = {("new", sku): {} for sku in now.keys() - known.keys()}
        told |= {("gone", sku): {} for sku in there - now.keys()}
        for sku in now.keys() & known.keys():
            told |= {} if sku in there else {("back", sku): {}}
            if differs := _different(known[sku], now[sku]):
                told[("changed", sku)] = differs
        days.append(told)
        known |= now
        there = set(now)
    return days


def _different(before: Product, after: Product) -> dict[str, Any]:
    """The fields that differ, as they were."""
    old, new = _recorded(before), _recorded(after)
    return {name: old[name] for name in old if old[name] != new[name]}


def _recorded(product: Product) -> dict[str, Any]:
    """What the spider takes of a product that may differ from day to day."""
    fields = ("name", "price", "currency", "stock", "category", "rating", "description")
    return {name: getattr(product, name) for name in fields} | {"updated": str(product.updated)}


_TOLD = """
    SELECT 'new' AS what, key, '{}'::jsonb AS before FROM scraped_items WHERE first_job_id = :job
    UNION ALL SELECT 'changed', key, r.data FROM item_revisions r
    JOIN scraped_items i ON i.id = r.item_id WHERE r.job_id = :job AND r.added = '{}'
    UNION ALL SELECT 'gone', key, '{}' FROM item_absences a JOIN scraped_items i ON i.id = a.item_id
    WHERE gone_job_id = :job
    UNION ALL SELECT 'back', key, '{}' FROM item_absences a JOIN scraped_items i ON i.id = a.item_id
    WHERE back_job_id = :job
"""


def test_each_day_has_exactly_the_changes_that_its_shop_made(
    lived: list[ScrapingJob], site: OpenShop
) -> None:
    expected = _expected(site)
    assert {what for told in expected for what, _ in told} == {"new", "changed", "gone", "back"}
    for job, told in zip(lived, expected, strict=True):
        found = given.execute(_TOLD, job=job.id)
        assert {(row.what, row.key): row.before for row in found} == told
        assert len(found) == len(told)


def test_each_killed_crawl_went_on(lived: list[ScrapingJob]) -> None:
    assert [place for place, job in enumerate(lived) if job.attempt > 1] == list(KILLED)


def test_the_counts_of_each_job_are_these_changes(lived: list[ScrapingJob], site: OpenShop) -> None:
    for job, told in zip(lived, _expected(site), strict=True):
        kinds = [what for what, _ in told]
        counts = (job.items_new, job.items_changed, job.items_gone, job.items_back)
        assert counts == tuple(kinds.count(each) for each in ("new", "changed", "gone", "back"))


def test_the_items_are_those_of_the_last_day(lived: list[ScrapingJob], site: OpenShop) -> None:
    there = given.execute("SELECT key, data FROM scraped_items WHERE gone_at IS NULL")
    products = {sku: _recorded(each) for sku, each in site.products(DAYS[-1]).items()}
    recorded = {key: {name: data[name] for name in products[key]} for key, data in there}
    assert len(lived) == len(DAYS)
    assert recorded == products
