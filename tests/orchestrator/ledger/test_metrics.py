from datetime import timedelta

import pytest

from orchestrator.ledger import metrics, ticks, workers
from orchestrator.ledger.metrics import Metrics
from orchestrator.ledger.models import AlertKind, JobStatus
from orchestrator.ledger.workers import Seen
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")


def read() -> Metrics:
    return given.do(metrics.read)


def test_of_an_empty_installation_everything_is_nought() -> None:
    found = read()
    assert (found.due, found.due_seconds, found.crawls, found.held) == (0, 0, 0, 0)
    assert (found.totals, found.ages, found.workers) == ({}, {}, [])


def test_the_age_of_the_queue_is_that_of_the_oldest_job_that_may_start() -> None:
    first, second, third = (given.a_job(given.a_target(name)) for name in ("a", "b", "c"))
    moved = (
        "UPDATE scraping_jobs SET queued_at = now() - interval '1 h', run_after = {} WHERE id = :id"
    )
    given.execute(moved.format("now() - interval '2 min'"), id=first)
    given.execute(moved.format("now() + interval '5 min'"), id=second)
    given.execute("UPDATE scraping_jobs SET run_after = now() WHERE id = :id", id=third)
    found = read()
    assert found.due == 2
    assert 119 < found.due_seconds < 130


def test_a_crawl_whose_lease_is_over_is_told(target_id: int) -> None:
    given.brought_to(JobStatus.RUNNING, target_id)
    assert (read().crawls, read().crawls_expired) == (1, 0)
    given.execute("UPDATE crawls SET lease_until = now() - interval '1 s'")
    assert (read().crawls, read().crawls_expired) == (1, 1)


def test_only_workers_that_live_are_told_of() -> None:
    for name in ("crawls@one", "crawls@two", "control@one"):
        seen = Seen(name, 1, queues=["crawls"], slots=4, memory_bytes=7)
        given.do(workers.begin, seen)
    given.execute("UPDATE workers SET seen_at = now() - interval '1 h' WHERE name = 'crawls@two'")
    given.execute("UPDATE workers SET stopped_at = now() WHERE name = 'control@one'")
    (one,) = read().workers
    assert (one.name, one.queues, one.slots, one.memory_bytes) == ("crawls@one", ["crawls"], 4, 7)
    assert one.quiet_seconds < 30


def test_an_alert_counts_until_it_is_delivered() -> None:
    given.execute(
        "INSERT INTO alert_channels (name, url, active) VALUES ('on', 'json://x', true),"
        " ('off', 'json://x', false)"
    )
    given.execute(
        "INSERT INTO alerts (channel_id, key, kind, details, due_at)"
        " SELECT id, 'k', :kind, '{}', now() FROM alert_channels",
        kind=AlertKind.FAILED,
    )
    assert (read().alerts_undelivered, read().messages_failing) == (1, 0)
    given.execute(
        "INSERT INTO alert_deliveries (channel_id, tries) SELECT id, 3 FROM alert_channels"
        " WHERE name = 'on'"
    )
    given.execute("UPDATE alerts SET delivery_id = 1 WHERE channel_id = 1")
    assert (read().alerts_undelivered, read().messages_failing) == (1, 1)
    given.execute("UPDATE alert_deliveries SET delivered_at = now()")
    assert (read().alerts_undelivered, read().messages_failing) == (0, 0)


def test_signs_of_life_have_their_age() -> None:
    given.do(ticks.tick, ticks.BEAT)
    given.execute("UPDATE ticks SET at = now() - interval '1 hour'")
    assert timedelta(minutes=59) < read().ages[ticks.BEAT] < timedelta(minutes=61)
