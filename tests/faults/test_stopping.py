"""F28: whoever cancels or pauses a job, at whatever instant, sees it happen soon and for good."""

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from uuid import UUID

import pytest
import redis

from orchestrator import triggers
from orchestrator.exceptions import TransitionRefused
from orchestrator.ledger.models import JobStatus
from tests import awaiting, shops
from tests.awaiting import FINAL
from tests.faults import crawls
from tests.orchestrator.ledger import given
from tests.shops import OpenShop
from tests.workers import Worker, working

EFFECTIVE_SECONDS = 15

#: Notes whatever changes on a job that has ended, but for what is told of it afterwards.
WITNESS = """
CREATE TABLE changed_after_the_end (job_id uuid, was text, became text);
CREATE FUNCTION note_it() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changed_after_the_end VALUES (old.id, old::text, new::text);
    RETURN new;
END $$;
CREATE TRIGGER witness AFTER UPDATE ON scraping_jobs FOR EACH ROW
WHEN (old.status IN ('completed', 'failed', 'cancelled', 'skipped')
    AND to_jsonb(old) - '{absences_due,absences_found_at,items_gone,verdict,publication}'::text[]
    IS DISTINCT FROM
    to_jsonb(new) - '{absences_due,absences_found_at,items_gone,verdict,publication}'::text[])
EXECUTE FUNCTION note_it();
"""


@pytest.fixture(scope="module")
def worker(database: str, redis_url: str) -> Iterator[Worker]:
    given.execute(WITNESS)
    with working("--concurrency=3") as worker:
        yield worker


@pytest.fixture(scope="module")
def short_shop() -> Iterator[OpenShop]:
    """A crawl of it takes about as long as a worker needs to begin the next."""
    with shops.opened(40, delay=0.06) as shop:
        yield shop


@pytest.fixture(autouse=True)
def _nothing_changes_after_the_end(worker: Worker) -> Iterator[None]:
    yield
    assert given.execute("SELECT * FROM changed_after_the_end") == []


def _assert_items_are_kept(job_id: UUID, at_least: int) -> None:
    job = given.job(job_id)
    kept = given.count("scraped_items", "last_job_id = :id", id=job_id)
    assert kept == job.items_scraped >= at_least


@pytest.mark.fault("F28", off="requests_heard")
def test_a_cancelled_crawl_stops_and_keeps_its_items(
    worker: Worker, slow_shop: OpenShop, redis_url: str
) -> None:
    job_id = crawls.under_way(slow_shop)
    before = given.job(job_id).items_scraped
    triggers.cancel(job_id)
    job = awaiting.job_at(job_id, JobStatus.CANCELLED, seconds=EFFECTIVE_SECONDS)
    assert job.finish_reason == "cancelled"
    assert job.items_scraped < len(slow_shop.products())
    _assert_items_are_kept(job_id, before)
    assert crawls.outcomes(job_id) == ["cancel_requested"]
    with redis.Redis.from_url(redis_url) as client:
        awaiting.until(lambda: not client.keys(f"kumo:*{job_id}*"), "no key of the job")


@pytest.mark.fault("F28", off=("requests_heard", "frontier_outlives_its_crawl"))
def test_a_paused_crawl_goes_on_where_it_was(
    worker: Worker, slow_shop: OpenShop, redis_url: str
) -> None:
    job_id = crawls.under_way(slow_shop, least=60)
    before = slow_shop.fetched()
    triggers.pause(job_id)
    paused = awaiting.job_at(job_id, JobStatus.PAUSED, seconds=EFFECTIVE_SECONDS)
    with redis.Redis.from_url(redis_url) as client:
        assert client.keys(f"kumo:*{job_id}*:queue")
    triggers.resume(job_id)
    job = awaiting.ended(job_id)
    crawls.assert_whole(job, slow_shop)
    assert (job.attempt, job.failures) == (2, 0)
    assert paused.items_scraped < job.items_scraped
    assert crawls.outcomes(job_id) == ["pause_requested", "finished"]
    again = sum(slow_shop.fetched().values()) - sum(before.values())
    # What was recorded by then is not fetched again.
    assert again <= slow_shop.pages - 60


@pytest.mark.fault("F28", off="final_states")
def test_jobs_stopped_at_random_instants_end_once_and_keep_what_they_had(
    worker: Worker, short_shop: OpenShop
) -> None:
    chance = random.Random(28)
    job_ids = [crawls.requested(short_shop) for _ in range(24)]
    instants = {job_id: chance.uniform(0, 6) for job_id in job_ids}
    paused = set(job_ids[::4])
    began = time.monotonic()

    def stop(job_id: UUID) -> float:
        """How long it took to be effective."""
        # The instant is what the test is about; there is no fact to wait for.
        time.sleep(max(0, instants[job_id] - (time.monotonic() - began)))
        if job_id in paused:
            return _pause_and_resume(job_id)
        return _cancel(job_id)

    with ThreadPoolExecutor(len(job_ids)) as pool:
        assert max(pool.map(stop, job_ids)) < EFFECTIVE_SECONDS
    statuses = {job_id: awaiting.ended(job_id).status for job_id in job_ids}
    assert JobStatus.CANCELLED in statuses.values()
    for job_id, status in statuses.items():
        assert status in (JobStatus.CANCELLED, JobStatus.COMPLETED)
        if status is JobStatus.COMPLETED:
            crawls.assert_whole(given.job(job_id), short_shop)
        _assert_items_are_kept(job_id, 0)
        with pytest.raises(TransitionRefused):
            triggers.cancel(job_id)


def _cancel(job_id: UUID) -> float:
    items = given.job(job_id).items_scraped
    began = time.monotonic()
    with suppress(TransitionRefused):
        triggers.cancel(job_id)
        awaiting.job_at(job_id, JobStatus.CANCELLED)
    assert given.job(job_id).status in FINAL
    _assert_items_are_kept(job_id, items)
    return time.monotonic() - began


def _pause_and_resume(job_id: UUID) -> float:
    began = time.monotonic()
    with suppress(TransitionRefused):
        triggers.pause(job_id)
        # A crawl that was at its end already has ended.
        standing = awaiting.job_at(job_id, JobStatus.PAUSED, JobStatus.COMPLETED)
        if standing.status is JobStatus.PAUSED:
            triggers.resume(job_id)
    return time.monotonic() - began
