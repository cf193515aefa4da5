"""What answers through Redis, in a bounded time."""

import signal
import time

from orchestrator import celery, inspection, triggers
from orchestrator.ledger.models import Trigger
from tests import awaiting, brokers, shops
from tests.orchestrator.ledger import given
from tests.workers import working


def test_bells_that_wait_are_counted_whatever_their_priority(database: str, bells: str) -> None:
    for priority in (0, 5, 9):
        triggers.request(given.a_target(f"shop{priority}", priority=priority), Trigger.API)
    triggers.request(given.a_target("tagged", worker_tag="eu"), Trigger.API)
    found = inspection.look(0.2, queues={"crawls.eu", celery.CRAWLS})
    three = {celery.CRAWLS: 3, celery.BROWSER: 0, celery.CONTROL: 0}
    assert found.queues == {**three, "crawls.eu": 1}
    assert (found.workers, found.trouble) == ({}, None)


def test_a_worker_that_answers_says_what_it_crawls(database: str, bells: str) -> None:
    with shops.opened(400, delay=0.06) as shop:
        target_id = given.a_target(spider="demo_shop", start_urls=[shop.url])
        with working("-Q", "crawls", "--concurrency=1") as worker:
            job_id = triggers.request(target_id, Trigger.API).job_id
            awaiting.with_items(job_id, 1)
            began = time.monotonic()
            found = inspection.look(5, expected=1)
            assert time.monotonic() - began < 3, "it waits on when all have answered"
            (doing,) = next(iter(found.workers.values()))
            assert (doing.task_id, doing.task) == (str(job_id), "scrape_target")
            assert doing.since is not None
            assert abs(doing.since.timestamp() - time.time()) < 60
            worker.process.send_signal(signal.SIGSTOP)
            try:
                assert inspection.look(0.3).workers == {}
            finally:
                worker.process.send_signal(signal.SIGCONT)


def test_a_redis_that_hangs_is_said_within_a_second(database: str) -> None:
    with brokers.silent() as url, brokers.connected_to(url):
        _is_away_within_a_second()


def test_a_redis_that_is_away_is_said_within_a_second(database: str) -> None:
    with brokers.connected_to("redis://127.0.0.1:1/0"):
        _is_away_within_a_second()


def _is_away_within_a_second() -> None:
    began = time.monotonic()
    found = inspection.look()
    assert time.monotonic() - began < 1
    assert (found.workers, found.queues) == ({}, {})
    assert found.trouble is not None
    assert found.trouble.startswith("Redis does not answer")
