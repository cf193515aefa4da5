"""What can be seen of a crawl half-way; what may break it then is in `tests/faults`."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
import redis

from orchestrator import triggers
from orchestrator.ledger.models import Trigger
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


def test_an_urgent_job_overtakes_those_that_wait(
    job_id: UUID, shop: OpenShop, slow_shop: OpenShop
) -> None:
    waiting = [_requested(shop) for _ in range(3)]
    urgent = _requested(shop, priority=0)
    jobs = {each: awaiting.ended(each) for each in [job_id, urgent, *waiting]}
    started = sorted(jobs, key=lambda each: jobs[each].started_at)  # type: ignore[arg-type,return-value]
    assert started[:2] == [job_id, urgent]
    assert set(started[2:]) == set(waiting)


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
