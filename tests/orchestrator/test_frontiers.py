from collections.abc import Iterator
from uuid import uuid4

import pytest
import redis

from orchestrator import config, frontiers
from orchestrator.exceptions import BellAway

JOB, OTHER = uuid4(), uuid4()


@pytest.fixture
def server(redis_url: str) -> Iterator[redis.Redis]:
    frontiers._redis.cache_clear()
    with redis.Redis.from_url(redis_url) as client:
        for key in frontiers.keys(str(JOB)) + frontiers.keys(str(OTHER)):
            client.set(key, "something")
        yield client
    frontiers._redis().close()
    frontiers._redis.cache_clear()


def test_all_keys_of_a_job_live_together_under_its_id() -> None:
    assert frontiers.keys("7") == [
        "kumo:{7}:mark",
        "kumo:{7}:requests",
        "kumo:{7}:queue",
        "kumo:{7}:leases",
    ]


def test_deleting_takes_all_of_one_job_and_nothing_of_another(server: redis.Redis) -> None:
    frontiers.delete(str(JOB))
    assert {key.decode() for key in server.scan_iter()} == set(frontiers.keys(str(OTHER)))


def test_the_owners_are_the_jobs_that_have_a_frontier(server: redis.Redis) -> None:
    server.set("celery-task-meta-1", "not a frontier")
    assert sorted(frontiers.owners()) == sorted([JOB, OTHER])


@pytest.mark.parametrize(
    "verb", [frontiers.ping, frontiers.owners, lambda: frontiers.delete(str(JOB))]
)
def test_a_redis_that_is_away_is_said_so(
    server: redis.Redis, monkeypatch: pytest.MonkeyPatch, verb: object
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9/0")
    config.get.cache_clear()
    frontiers._redis.cache_clear()
    with pytest.raises(BellAway, match="Redis does not answer"):
        verb()  # type: ignore[operator]
