"""Rows are committed before bells ring; a bell that cannot ring changes nothing but the time."""

import json
import socket
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import kombu.pools
import pytest
import redis
from sqlalchemy import event

from orchestrator import celery, config, frontiers, triggers
from orchestrator import database as storage
from orchestrator.exceptions import BellAway, TargetChanged, TargetNotFound, TransitionRefused
from orchestrator.ledger import targets
from orchestrator.ledger.models import JobStatus, Queue, Trigger
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")

SEPARATOR = "\x06\x16"


def use_broker(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", url)
    config.get.cache_clear()
    monkeypatch.setattr(celery.app.conf, "broker_url", url)
    forget_connections()


def forget_connections() -> None:
    kombu.pools.reset()
    celery.app._pool = celery.app.amqp._producer_pool = None
    frontiers._redis.cache_clear()


@pytest.fixture(autouse=True)
def broker(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[redis.Redis]:
    """The server that bells are sent to."""
    use_broker(redis_url, monkeypatch)
    with redis.Redis.from_url(redis_url) as client:
        yield client
    forget_connections()


@pytest.fixture
def away(broker: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """REDIS_URL names a port where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        use_broker(f"redis://127.0.0.1:{taken.getsockname()[1]}/0", monkeypatch)
        yield


@pytest.fixture
def shop() -> int:
    return given.a_target()


def bells(broker: redis.Redis, priority: int = 5) -> list[dict[str, Any]]:
    """The headers of the messages that wait in the queue of crawls, at that priority."""
    queue = f"crawls{SEPARATOR}{priority}" if priority else "crawls"
    return [json.loads(each)["headers"] for each in broker.lrange(queue, 0, -1)]


def rung(broker: redis.Redis, priority: int = 5) -> list[str]:
    return [each["id"] for each in bells(broker, priority)]


def test_a_request_is_committed_and_rings_under_its_jobs_id(shop: int, broker: redis.Redis) -> None:
    answer = triggers.request("shop", Trigger.DASHBOARD)
    assert given.job(answer.job_id).status is JobStatus.PENDING
    (bell,) = bells(broker)
    assert bell["id"] == str(answer.job_id)
    assert bell["task"] == "orchestrator.tasks.scrape_target"
    assert bell["argsrepr"] == f"({shop}, '{answer.job_id}')"


def test_the_row_is_committed_before_the_bell_rings(shop: int, broker: redis.Redis) -> None:
    seen = []

    def at_commit(_: Any) -> None:
        seen.append(broker.dbsize() and rung(broker))

    event.listen(storage.engine(), "commit", at_commit)
    triggers.request(shop, Trigger.CLI)
    event.remove(storage.engine(), "commit", at_commit)
    assert seen
    assert not any(seen)
    assert len(rung(broker)) == 1


def test_an_urgent_request_waits_before_the_others(shop: int, broker: redis.Redis) -> None:
    triggers.request(shop, Trigger.CLI, priority=0)
    assert len(rung(broker, priority=0)) == 1
    assert rung(broker) == []


def test_an_urgent_request_hastens_the_job_that_waits(shop: int, broker: redis.Redis) -> None:
    first = triggers.request(shop, Trigger.CLI)
    given.execute("UPDATE scraping_jobs SET run_after = now() + interval '1 h'")
    second = triggers.request(shop, Trigger.DASHBOARD, priority=0)
    assert (second.job_id, second.started, second.priority) == (first.job_id, False, 0)
    assert rung(broker, priority=0) == [str(first.job_id)]
    assert given.job(first.job_id).priority == 0
    assert triggers.claim(first.job_id, worker="w@here")


def test_an_urgent_request_leaves_a_job_that_does_not_wait(shop: int, broker: redis.Redis) -> None:
    for status in (JobStatus.RUNNING, JobStatus.PAUSED):
        job_id = given.brought_to(status, given.a_target(status))
        answer = triggers.request(status, Trigger.DASHBOARD, priority=0)
        assert (answer.job_id, answer.status) == (job_id, status)
        assert given.job(job_id).priority == 5
    assert rung(broker, priority=0) == []


def test_a_request_while_one_is_active_rings_no_second_bell(shop: int, broker: redis.Redis) -> None:
    first, second = (triggers.request(shop, Trigger.CLI) for _ in range(2))
    assert second.job_id == first.job_id
    assert rung(broker) == [str(first.job_id)]


def test_an_unknown_target_rings_nothing(broker: redis.Redis) -> None:
    with pytest.raises(TargetNotFound):
        triggers.request("none", Trigger.CLI)
    assert bells(broker) == []


def test_the_job_of_a_message_has_the_messages_id_and_needs_no_bell(
    shop: int, broker: redis.Redis
) -> None:
    job_id = uuid.uuid4()
    answer = triggers.request_by_message("shop", job_id)
    assert (answer.job_id, answer.started) == (job_id, True)
    assert given.job(job_id).trigger is Trigger.CELERY
    assert bells(broker) == []


def test_when_redis_is_away_the_answer_is_the_same_and_the_next_sweep_rings(
    shop: int, away: None
) -> None:
    answer = triggers.request(shop, Trigger.DASHBOARD)
    assert answer.started
    assert given.job(answer.job_id).rung_at is None


def test_ringing_says_so_when_redis_is_away(shop: int, away: None) -> None:
    job_id = given.a_job(shop)
    with pytest.raises(BellAway, match="the jobs start when it does"):
        triggers.ring([(job_id, shop, 5, Queue.CRAWLS)])
    assert given.job(job_id).rung_at is None


def test_many_bells_are_sent_in_few_trips_and_in_their_order(broker: redis.Redis) -> None:
    waiting = [(uuid.uuid4(), number, 5, Queue.CRAWLS) for number in range(300)]
    triggers.ring(waiting[:1])
    reads = _reads(broker)
    triggers.ring(waiting)
    # A trip may be read in several parts.
    assert _reads(broker) - reads < len(waiting) / 2
    assert rung(broker)[:-1][::-1] == [str(job_id) for job_id, *_ in waiting]


def _reads(broker: redis.Redis) -> int:
    return int(broker.info("stats")["total_reads_processed"])


def test_a_connection_that_redis_has_closed_keeps_no_bell(broker: redis.Redis) -> None:
    for number in range(2):
        triggers.ring([(uuid.uuid4(), number, 5, Queue.CRAWLS)])
        broker.client_kill_filter(_type="normal", skipme=True)
    assert len(rung(broker)) == 2


def test_ringing_says_when_redis_is_full(shop: int, broker: redis.Redis) -> None:
    job_id = given.a_job(shop)
    broker.config_set("maxmemory", 1)
    try:
        with pytest.raises(BellAway, match="its memory is full"):
            triggers.ring([(job_id, shop, 5, Queue.CRAWLS)])
    finally:
        broker.config_set("maxmemory", 0)
    assert given.job(job_id).rung_at is None


def test_a_redis_that_hangs_holds_up_no_button(
    shop: int, broker: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        use_broker(f"redis://127.0.0.1:{silent.getsockname()[1]}/0", monkeypatch)
        began = datetime.now(UTC)
        assert triggers.request(shop, Trigger.DASHBOARD).started
        assert (datetime.now(UTC) - began).total_seconds() < 5


def test_all_active_targets_are_requested_at_once(shop: int, broker: redis.Redis) -> None:
    given.a_target("off", active=False)
    other = given.a_target("other", schedule="0 3 * * *")
    answers = triggers.request_all_active(Trigger.CLI)
    assert [answer.target_id for answer in answers] == [shop, other]
    assert sorted(rung(broker)) == sorted(str(answer.job_id) for answer in answers)


def test_one_night_gives_one_job_however_often_it_is_asked_for(
    shop: int, broker: redis.Redis
) -> None:
    given.a_target("own", schedule="0 3 * * *")
    night = datetime(2026, 11, 22, 0, 0, 7, tzinfo=UTC)
    (first,) = triggers.request_nightly(night)
    triggers.cancel(first.job_id)
    (again,) = triggers.request_nightly(night.replace(hour=5))
    assert (first.started, again.started) == (True, False)
    assert again.job_id == first.job_id
    assert given.job(first.job_id).due_at == night.replace(second=0)
    assert len(rung(broker)) == 1


def test_a_batch_names_what_is_unknown_and_starts_the_rest(shop: int) -> None:
    answers, unknown = triggers.request_batch(["shop", shop, "none", 999, "\ud800"], Trigger.API)
    assert [answer.target_id for answer in answers] == [shop]
    assert unknown.keys() == {"none", "999", "\ud800"}


def a_frontier(broker: redis.Redis, job_id: uuid.UUID) -> None:
    for key in frontiers.keys(str(job_id)):
        broker.set(key, "something")


def has_frontier(broker: redis.Redis, job_id: uuid.UUID) -> bool:
    return bool(broker.exists(*frontiers.keys(str(job_id))))


@pytest.mark.parametrize("status", [JobStatus.PENDING, JobStatus.PAUSED])
def test_a_cancel_deletes_the_frontier(status: JobStatus, shop: int, broker: redis.Redis) -> None:
    job_id = given.brought_to(status, shop)
    a_frontier(broker, job_id)
    assert triggers.cancel(job_id).status is JobStatus.CANCELLED
    assert not has_frontier(broker, job_id)


def test_a_running_crawl_that_is_asked_to_cancel_keeps_its_frontier_for_now(
    shop: int, broker: redis.Redis
) -> None:
    job_id = given.brought_to(JobStatus.RUNNING, shop)
    a_frontier(broker, job_id)
    triggers.cancel(job_id)
    assert has_frontier(broker, job_id)


def test_a_cancel_counts_although_redis_is_away(shop: int, away: None) -> None:
    assert triggers.cancel(given.a_job(shop)).status is JobStatus.CANCELLED


def test_a_paused_job_keeps_its_frontier_and_rings_when_resumed(
    shop: int, broker: redis.Redis
) -> None:
    job_id = given.a_job(shop)
    a_frontier(broker, job_id)
    triggers.pause(job_id)
    assert has_frontier(broker, job_id)
    assert rung(broker) == []
    triggers.resume(job_id)
    assert rung(broker) == [str(job_id)]


def test_a_retry_rings_for_the_new_job(shop: int, broker: redis.Redis) -> None:
    old = given.brought_to(JobStatus.FAILED, shop)
    answer = triggers.retry(old, Trigger.DASHBOARD)
    assert rung(broker) == [str(answer.job_id)]
    with pytest.raises(TransitionRefused):
        triggers.retry(answer.job_id, Trigger.DASHBOARD)


def test_a_deleted_target_takes_its_active_job_and_frontier_along(
    shop: int, broker: redis.Redis
) -> None:
    job_id = given.a_job(shop)
    a_frontier(broker, job_id)
    triggers.delete_target("shop")
    assert given.job(job_id).status is JobStatus.CANCELLED
    assert not has_frontier(broker, job_id)
    with pytest.raises(TargetNotFound):
        triggers.delete_target("shop")


def test_a_target_that_has_changed_since_it_was_seen_is_not_deleted(shop: int) -> None:
    with storage.transaction() as session:
        seen_at = targets.find(session, shop).updated_at
    job_id = given.a_job(shop)
    with pytest.raises(TargetChanged):
        triggers.delete_target(shop, seen_at=seen_at - timedelta(seconds=1))
    assert given.job(job_id).status is JobStatus.PENDING
    triggers.delete_target(shop, seen_at=seen_at)
    assert given.job(job_id).status is JobStatus.CANCELLED


def test_a_crawl_that_was_handed_back_rings_again_and_keeps_its_frontier(
    shop: int, broker: redis.Redis
) -> None:
    job_id = given.a_job(shop)
    claim = triggers.claim(job_id, worker="w@here")
    assert claim
    a_frontier(broker, job_id)
    triggers.finish(claim, given.HANDED_BACK)
    assert rung(broker) == [str(job_id)]
    assert has_frontier(broker, job_id)


def test_a_crawl_that_is_complete_rings_nothing_and_leaves_no_frontier(
    shop: int, broker: redis.Redis
) -> None:
    job_id = given.a_job(shop)
    claim = triggers.claim(job_id, worker="w@here")
    assert claim
    a_frontier(broker, job_id)
    ended = triggers.finish(claim, given.COMPLETED)
    assert ended
    assert ended.status is JobStatus.COMPLETED
    assert rung(broker) == []
    assert not has_frontier(broker, job_id)


def test_a_lost_attempt_touches_neither_bell_nor_frontier(shop: int, broker: redis.Redis) -> None:
    job_id = given.a_job(shop)
    old = triggers.claim(job_id, worker="w@here")
    assert old
    given.finish(job_id, given.HANDED_BACK)
    assert triggers.claim(job_id, worker="w@there")
    a_frontier(broker, job_id)
    assert triggers.finish(old, given.COMPLETED) is None
    assert rung(broker) == []
    assert has_frontier(broker, job_id)
