"""What people and failures do to a crawl half-way: nothing is lost, nothing is counted twice.

One worker with one slot serves the module.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
import redis
from sqlalchemy import text

from orchestrator import database as storage
from orchestrator import triggers
from orchestrator.ledger.models import JobStatus, ScrapingJob, Trigger
from tests import awaiting, shops
from tests.orchestrator.ledger import given
from tests.shops import OpenShop
from tests.workers import Worker, working


@pytest.fixture(scope="module")
def worker(database: str, redis_url: str) -> Iterator[Worker]:
    with working("--concurrency=1") as worker:
        yield worker


@pytest.fixture
def job_id(worker: Worker, slow_shop: OpenShop) -> UUID:
    """A job with some of its items recorded and most yet to come."""
    job_id = _requested(slow_shop)
    awaiting.with_items(job_id, 10)
    return job_id


def _requested(shop: OpenShop, **terms: Any) -> UUID:
    name = f"shop-{uuid4().hex}"
    given.a_target(name, spider="demo_shop", start_urls=[shop.url])
    return triggers.request(name, Trigger.DASHBOARD, **terms).job_id


def _is_whole(job: ScrapingJob, shop: OpenShop) -> bool:
    rows = given.execute("SELECT key FROM scraped_items WHERE target_id = :id", id=job.target_id)
    assert job.status is JobStatus.COMPLETED, job.error_message
    assert {row.key for row in rows} == shop.products().keys()
    assert job.items_scraped == job.items_new == len(rows)
    return (job.items_changed, job.items_rejected) == (0, 0)


def _outcomes(job_id: UUID) -> list[str]:
    rows = given.execute(
        "SELECT outcome FROM crawls WHERE job_id = :id ORDER BY attempt", id=job_id
    )
    return [row.outcome for row in rows]


# What people ask for


def test_a_cancelled_crawl_stops_and_keeps_its_items(job_id: UUID, slow_shop: OpenShop) -> None:
    triggers.cancel(job_id)
    job = awaiting.job_at(job_id, JobStatus.CANCELLED, seconds=15)
    assert job.finish_reason == "cancelled"
    assert 10 <= job.items_scraped < len(slow_shop.products())
    assert given.count("scraped_items", "last_job_id = :job", job=job_id) == job.items_scraped
    assert _outcomes(job_id) == ["cancel_requested"]


def test_a_cancelled_job_has_nothing_left_in_redis(job_id: UUID, redis_url: str) -> None:
    triggers.cancel(job_id)
    awaiting.job_at(job_id, JobStatus.CANCELLED)
    with redis.Redis.from_url(redis_url) as client:
        awaiting.until(lambda: not client.keys(f"kumo:*{job_id}*"), "no key of the job")


def test_a_paused_crawl_goes_on_where_it_was(
    job_id: UUID, slow_shop: OpenShop, redis_url: str
) -> None:
    before = slow_shop.fetched()
    triggers.pause(job_id)
    paused = awaiting.job_at(job_id, JobStatus.PAUSED, seconds=15)
    with redis.Redis.from_url(redis_url) as client:
        assert client.keys(f"kumo:*{job_id}*:queue")
    triggers.resume(job_id)
    job = awaiting.ended(job_id)
    assert _is_whole(job, slow_shop)
    assert (job.attempt, job.failures) == (2, 0)
    assert paused.items_scraped < job.items_scraped
    assert _outcomes(job_id) == ["pause_requested", "finished"]
    again = sum(slow_shop.fetched().values()) - sum(before.values())
    # Pages in flight at the pause are finished or fetched again; the others are not.
    assert again <= slow_shop.pages


def test_an_urgent_job_overtakes_those_that_wait(
    job_id: UUID, shop: OpenShop, slow_shop: OpenShop
) -> None:
    waiting = [_requested(shop) for _ in range(3)]
    urgent = _requested(shop, priority=0)
    jobs = {each: awaiting.ended(each) for each in [job_id, urgent, *waiting]}
    started = sorted(jobs, key=lambda each: jobs[each].started_at)  # type: ignore[arg-type,return-value]
    assert started[:2] == [job_id, urgent]
    assert set(started[2:]) == set(waiting)


# What breaks


def test_a_redis_that_forgets_everything_loses_nothing(
    job_id: UUID, slow_shop: OpenShop, redis_url: str
) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
    job = awaiting.ended(job_id)
    assert _is_whole(job, slow_shop)
    assert job.failures == 0
    assert _outcomes(job_id) == ["frontier_lost", "finished"]


def test_jobs_that_waited_in_a_redis_that_forgot_are_rung_again(
    job_id: UUID, shop: OpenShop, redis_url: str
) -> None:
    waiting = [_requested(shop) for _ in range(2)]
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
    assert {awaiting.ended(each).status for each in waiting} == {JobStatus.COMPLETED}


def test_sessions_killed_in_mid_crawl_lose_nothing(job_id: UUID, slow_shop: OpenShop) -> None:
    terminate = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    for least in (30, 60, 90):
        awaiting.with_items(job_id, least)
        given.execute(terminate)
    job = awaiting.ended(job_id)
    assert _is_whole(job, slow_shop)
    assert job.pages == slow_shop.pages
    assert _outcomes(job_id) == ["finished"]


def test_a_commit_in_flight_as_the_crawl_ends_is_not_its_last(worker: Worker) -> None:
    heartbeat = "SELECT heartbeat_at FROM crawls WHERE job_id = :id"
    with shops.opened(200, delay=0.02) as shop, storage.engine().connect() as holder:
        job_id = _requested(shop)
        awaiting.with_items(job_id, 10)
        holder.execute(text("SELECT FROM scraping_jobs WHERE id = :id FOR UPDATE"), {"id": job_id})
        awaiting.until(lambda: len(shop.fetched()) == shop.pages, "a shop that was fetched whole")
        # The crawl is at its end, and its commit waits for us; only the heartbeat goes on.
        for _ in range(2):
            before = given.execute(heartbeat, id=job_id)
            awaiting.until(lambda: given.execute(heartbeat, id=job_id) != before, "a heartbeat")  # noqa: B023
        holder.rollback()
        assert _is_whole(awaiting.ended(job_id), shop)
    assert _outcomes(job_id) == ["finished"]


def test_pages_whose_commit_never_came_are_fetched_again(worker: Worker) -> None:
    """The crawler dies while its commit waits for a lock, and the commit is broken off."""
    waiting = (
        " FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        " AND position('WITH fence' in query) > 0"
    )
    with shops.opened(400, delay=0.05) as shop, storage.engine().connect() as holder:
        job_id = _requested(shop)
        awaiting.with_items(job_id, 10)
        holder.execute(text("SELECT FROM scraping_jobs WHERE id = :id FOR UPDATE"), {"id": job_id})
        awaiting.until(lambda: given.execute("SELECT pid" + waiting), "a commit that waits")
        fetched = len(shop.fetched())
        awaiting.until(lambda: len(shop.fetched()) > fetched + 40, "more pages")
        worker.crawler().kill()
        assert given.execute("SELECT pg_terminate_backend(pid)" + waiting)
        holder.rollback()
        assert _is_whole(awaiting.ended(job_id), shop)
    assert _outcomes(job_id) == ["signal_9", "finished"]


def test_nothing_in_redis_can_run_code(job_id: UUID, redis_url: str) -> None:
    """Whatever is stored during a crawl is JSON or plain words; ids are digests."""
    with redis.Redis.from_url(redis_url) as client:
        records = client.hvals(f"kumo:{{{job_id}}}:requests")
        assert any(records)
        assert all(isinstance(orjson.loads(record), dict) for record in records if record)
        for name, value in client.hgetall(f"kumo:{{{job_id}}}:mark").items():
            assert name.isalpha()
            assert value.isalnum()
        for key in client.scan_iter():
            key.decode("ascii")
            kind = client.type(key)
            if kind == b"string":
                orjson.loads(client.get(key))
            elif kind == b"list":
                assert all(orjson.loads(message) for message in client.lrange(key, 0, -1))
            elif not key.startswith(b"kumo:"):
                assert kind in (b"set", b"hash", b"zset")
                assert not key.startswith(b"kumo")
    awaiting.ended(job_id)
