"""What can be seen of a crawl half-way; what may break it then is in `tests/faults`."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
import redis

from orchestrator import database as storage
from orchestrator import launcher, triggers
from orchestrator.ledger import jobs, requests, targets, waiting
from orchestrator.ledger.ends import Ending
from orchestrator.ledger.models import Trigger
from orchestrator.ledger.requests import Terms
from orchestrator.ledger.waiting import Reason
from tests import awaiting
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


def _give_window(job_id: UUID, window: str) -> None:
    """As if it were hours later: the window that the job carries, and its time has come."""
    given.execute(
        "UPDATE scraping_jobs SET run_after = now(),"
        " definition = definition || jsonb_build_object('crawl_window', cast(:window AS text))"
        " WHERE id = :id",
        id=job_id,
        window=window,
    )


def test_an_urgent_job_overtakes_those_that_wait(
    job_id: UUID, shop: OpenShop, slow_shop: OpenShop
) -> None:
    waiting = [_requested(shop) for _ in range(3)]
    urgent = _requested(shop, priority=0)
    jobs = {each: awaiting.ended(each) for each in [job_id, urgent, *waiting]}
    started = sorted(jobs, key=lambda each: jobs[each].started_at)  # type: ignore[arg-type,return-value]
    assert started[:2] == [job_id, urgent]
    assert set(started[2:]) == set(waiting)


def test_an_occasion_that_finds_its_target_busy_follows_when_it_is_free(
    worker: Worker, slow_shop: OpenShop
) -> None:
    name = f"shop-{uuid4().hex}"
    target_id = given.a_target(
        name, spider="demo_shop", start_urls=[slow_shop.url], overlap="queue"
    )
    first = awaiting.with_items(triggers.request(name, Trigger.CLI).job_id, 10)
    given.execute(
        "UPDATE scraping_targets SET next_run_at = now() - interval '1 s' WHERE id = :id",
        id=target_id,
    )
    ahead = given.do(lambda session: targets.queued_behind(session, targets.find(session, name)))
    assert ahead
    assert ahead.id == first.id
    ended = awaiting.ended(first.id)
    newest = f"SELECT id, due_at FROM scraping_jobs WHERE target_id = {target_id} AND id <> :id"
    ((second, due_at),) = awaiting.until(
        lambda: given.execute(newest, id=first.id), "the job that was queued"
    )
    job = awaiting.ended(second)
    assert (job.status, job.trigger, job.due_at) == ("completed", "beat", due_at)
    assert job.queued_at >= ended.completed_at
    assert given.count("scraping_jobs", "target_id = :id", id=target_id) == 2


def test_a_crawl_that_its_window_ends_goes_on_when_that_opens(
    worker: Worker, slow_shop: OpenShop
) -> None:
    window = given.an_open_window()
    target_id = given.a_target(
        f"shop-{uuid4().hex}", spider="demo_shop", start_urls=[slow_shop.url], crawl_window=window
    )
    with storage.transaction() as session:
        # Without a bell, or the worker would be faster.
        job_id = requests.request(session, target_id, Terms(Trigger.CLI)).job_id
        claim = jobs.claim(session, job_id, worker="w@here", lease_seconds=60)
        assert claim
    # The last second of a window is a long wait: this one is over as soon as it has some items.
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(launcher.run, replace(claim, open_seconds=2.0))
        awaiting.with_items(job_id, 5)
        _give_window(job_id, given.a_closed_window())
        end = running.result(timeout=30)
    assert (end.ending, end.reason) == (Ending.HANDED_BACK, "window_closed")
    assert end.message == f"Its window, {window}, closed; it goes on when it opens again."
    triggers.finish(claim, end)
    job = given.job(job_id)
    assert (job.status, job.failures, job.rung_at) == ("pending", 0, None)
    assert given.do(waiting.why, job).kind is Reason.WINDOW_CLOSED
    some = job.items_scraped
    _give_window(job_id, window)
    job = awaiting.ended(job_id)
    assert (job.status, job.attempt) == ("completed", 2)
    assert 0 < some < job.items_scraped == len(slow_shop.products())


def test_nothing_in_redis_can_run_code(job_id: UUID, redis_url: str) -> None:
    """Whatever is stored during a crawl is JSON or plain words; ids are digests."""
    with redis.Redis.from_url(redis_url) as client:
        records = client.hvals(f"kumo:{{{job_id}}}:requests")
        assert any(records)
        assert all(isinstance(orjson.loads(record), dict) for record in records if record)
        for name, value in client.hgetall(f"kumo:{{{job_id}}}:mark").items():
            assert name.replace(b":", b"").isalnum()
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
