"""The repair pass on a real database and a real broker, without a worker to answer."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
import redis

from orchestrator import database as storage
from orchestrator import frontiers, triggers
from orchestrator.ledger import channels, jobs, ticks
from orchestrator.ledger.channels import Scope
from orchestrator.ledger.models import AlertChannel, AlertKind, JobStatus, Trigger
from orchestrator.sweep import sweep
from tests import brokers
from tests.orchestrator.ledger import given

NOWHERE = "redis://127.0.0.1:9/0"


@pytest.fixture
def server(bells: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(bells) as client:
        yield client


@pytest.fixture
def target_id(database: str, bells: str) -> int:
    return given.a_target()


def _rung(server: redis.Redis, name: str = "crawls") -> list[str]:
    """The jobs whose bells wait, the most urgent first."""
    rung = []
    for queue in [name, *(f"{name}\x06\x16{priority}" for priority in range(1, 10))]:
        messages: Any = server.lrange(queue, 0, -1)
        rung += [orjson.loads(message)["headers"]["id"] for message in reversed(messages)]
    return rung


def _expired(target_id: int) -> UUID:
    """A job whose worker is lost."""
    job_id = given.brought_to(JobStatus.RUNNING, target_id)
    given.execute("UPDATE crawls SET lease_until = now() - interval '1 s'")
    return job_id


def test_a_request_rings_once_and_a_sweep_adds_nothing(target_id: int, server: redis.Redis) -> None:
    job_id = triggers.request(target_id, Trigger.CLI).job_id
    assert _rung(server) == [str(job_id)]
    assert sweep()["rung"] == 0
    assert _rung(server) == [str(job_id)]


def test_a_bell_that_was_lost_is_rung_again(target_id: int, server: redis.Redis) -> None:
    job_id = triggers.request(target_id, Trigger.CLI).job_id
    server.flushdb()
    assert sweep()["rung"] == 0
    given.execute("UPDATE scraping_jobs SET rung_at = now() - interval '2 hours'")
    assert sweep()["rung"] == 1
    assert _rung(server) == [str(job_id)]


def test_bells_of_jobs_that_render_ring_where_the_browsers_are(
    bells: str, database: str, server: redis.Redis
) -> None:
    target_id = given.a_target("rendered", render=True)
    job_id = triggers.request(target_id, Trigger.CLI, priority=3).job_id
    assert _rung(server, "browser") == [str(job_id)]
    server.flushdb()
    given.execute("UPDATE scraping_jobs SET rung_at = now() - interval '2 hours'")
    assert sweep()["rung"] == 1
    assert sweep()["rung"] == 0
    assert (_rung(server, "browser"), _rung(server)) == ([str(job_id)], [])


def test_a_sweep_rings_in_the_queue_of_each_tag(
    bells: str, database: str, server: redis.Redis
) -> None:
    rung = {}
    for queue, fields in {
        "crawls": {},
        "crawls.eu": {"worker_tag": "eu"},
        "browser.us": {"worker_tag": "us", "render": True},
    }.items():
        target_id = given.a_target(f"shop-{len(rung)}", **fields)
        rung[queue] = [str(triggers.request(target_id, Trigger.CLI).job_id)]
    assert {queue: _rung(server, queue) for queue in rung} == rung
    server.flushdb()
    given.execute("UPDATE scraping_jobs SET rung_at = now() - interval '2 hours'")
    assert sweep()["rung"] == 3
    assert sweep()["rung"] == 0
    assert {queue: _rung(server, queue) for queue in rung} == rung


def test_a_job_that_wants_further_crawls_rings_for_as_many(
    target_id: int, server: redis.Redis
) -> None:
    job_id = given.a_shared_job(target_id, 3)
    claim = triggers.claim(job_id, worker="w@here")
    assert claim
    assert (claim.number, claim.places) == (0, 3)
    assert _rung(server) == [str(job_id)] * 2
    server.flushdb()
    assert sweep()["rung"] == 0
    for _ in range(2):
        # The second time they wait unanswered, and nobody rings on top of them.
        given.execute("UPDATE scraping_jobs SET rung_at = now() - interval '2 hours'")
        sweep()
        assert _rung(server) == [str(job_id)] * 2


def test_a_lost_crawl_of_several_is_given_back_and_rung_for(
    target_id: int, server: redis.Redis
) -> None:
    job_id = given.a_shared_job(target_id, 2)
    for _ in range(2):
        assert triggers.claim(job_id, worker="w@here")
    mark, _requests, queue, leases = frontiers.keys(str(job_id))
    server.hset(mark, mapping={"attempt": 1, "crawls": 2, "tick:0": 1, "tick:1": 1, "done": 0})
    server.zadd(leases, {"of 0": 10, "of 1": 10 + 1 / 2048})
    given.execute(
        "UPDATE crawls SET lease_until = now() - interval '1 s', pages = 1 WHERE number = 1"
    )
    assert sweep()["recovered"] == 1
    assert given.job(job_id).status is JobStatus.RUNNING
    assert server.zrange(queue, 0, -1) == [b"of 1"]
    assert server.zrange(leases, 0, -1) == [b"of 0"]
    assert _rung(server).count(str(job_id)) == 2


def test_a_bell_that_could_not_be_rung_is_rung_by_the_next_sweep(
    target_id: int, server: redis.Redis
) -> None:
    with brokers.connected_to(NOWHERE):
        answer = triggers.request(target_id, Trigger.DASHBOARD)
        assert answer.started
    assert given.job(answer.job_id).rung_at is None
    assert sweep()["rung"] == 1
    assert _rung(server) == [str(answer.job_id)]


def test_a_sweep_without_redis_still_repairs_the_table(target_id: int) -> None:
    job_id = _expired(target_id)
    with brokers.connected_to(NOWHERE):
        assert sweep()["recovered"] == 1
    assert given.job(job_id).status is JobStatus.PENDING


def test_the_job_of_a_lost_worker_is_taken_back_once(target_id: int, server: redis.Redis) -> None:
    job_id = _expired(target_id)
    assert sweep()["recovered"] == 1
    assert sweep()["recovered"] == 0
    job = given.job(job_id)
    assert (job.status, job.finish_reason, job.failures) == ("pending", "worker_lost", 1)
    assert job.error_message == "Its worker w@here was lost: the lease ran out."
    assert given.execute("SELECT outcome FROM crawls") == [("worker_lost",)]


def test_a_cancel_asked_of_a_lost_worker_is_served(target_id: int) -> None:
    job_id = _expired(target_id)
    given.do(jobs.cancel, job_id)
    sweep()
    assert given.job(job_id).status is JobStatus.CANCELLED


def test_a_lease_that_still_runs_is_left_alone(target_id: int) -> None:
    job_id = given.brought_to(JobStatus.RUNNING, target_id)
    assert sweep()["recovered"] == 0
    assert given.job(job_id).status is JobStatus.RUNNING


def test_a_target_that_is_due_gets_one_job_for_its_occasion(
    target_id: int, server: redis.Redis
) -> None:
    given.execute("UPDATE scraping_targets SET next_run_at = now() - interval '1 minute'")
    counts = sweep()
    assert (counts["requested"], counts["rung"]) == (1, 1)
    assert sweep()["requested"] == 0
    ((job_id, trigger, due_at),) = given.execute("SELECT id, trigger, due_at FROM scraping_jobs")
    assert trigger == "beat"
    assert due_at is not None
    assert _rung(server) == [str(job_id)]


def test_a_queued_occasion_is_requested_when_the_target_is_free_and_only_once(
    database: str, server: redis.Redis
) -> None:
    target_id = given.a_target(overlap="queue")
    busy = given.brought_to(JobStatus.RUNNING, target_id)
    given.execute("UPDATE scraping_targets SET next_run_at = now() - interval '1 minute'")
    assert sweep()["requested"] == 0
    assert triggers.request_nightly()[0].queued
    given.finish(busy, given.COMPLETED)
    assert sweep()["requested"] == 1
    assert sweep()["requested"] == 0
    (again,) = triggers.request_nightly()
    assert not again.started
    assert given.count("scraping_jobs", "due_at IS NOT NULL") == 1
    assert given.count("scraping_jobs") == 2


def test_no_bell_rings_for_a_job_that_waits_for_its_window(
    database: str, server: redis.Redis
) -> None:
    target_id = given.a_target(crawl_window=given.a_closed_window())
    job_id = triggers.request(target_id, Trigger.DASHBOARD).job_id
    assert sweep()["rung"] == 0
    assert _rung(server) == []
    urgent = triggers.request(target_id, Trigger.DASHBOARD, priority=0)
    assert (urgent.job_id, urgent.priority) == (job_id, 0)
    assert _rung(server) == [str(job_id)]


def test_one_sweeps_at_a_time(target_id: int) -> None:
    with storage.transaction() as session:
        assert ticks.take_turn(session)
        assert sweep() == {}
    assert sweep() != {}


def test_sweeps_at_once_recover_a_job_once(target_id: int) -> None:
    _expired(target_id)
    recovered = given.at_once(4, lambda _: sweep().get("recovered", 0))
    assert sum(recovered) == 1


def test_the_frontiers_of_ended_jobs_are_deleted_and_others_stay(
    target_id: int, server: redis.Redis
) -> None:
    active = given.brought_to(JobStatus.PAUSED, target_id)
    ended = given.brought_to(JobStatus.COMPLETED, given.a_target("other"))
    for job_id in (active, ended, uuid4()):
        server.hset(frontiers.keys(str(job_id))[0], "attempt", "1")
    assert sweep(by_beat=True)["frontiers_deleted"] == 2
    assert frontiers.owners() == [active]


def test_a_sweep_leaves_a_sign_of_life_and_tells_beats_apart(target_id: int) -> None:
    sweep()
    assert given.do(ticks.ages).keys() == {"sweep"}
    sweep(by_beat=True)
    assert given.do(ticks.ages).keys() == {"sweep", "beat"}


def test_an_occasion_that_passed_unswept_is_told_and_requested(target_id: int) -> None:
    channel = AlertChannel(name="us", url="json://x.example")
    with storage.transaction() as session:
        session.add(channel)
        session.flush()
        channels.add_rule(session, channel.id, Scope(), [AlertKind.LATE])
    given.execute("UPDATE scraping_targets SET next_run_at = now() - interval '1 hour'")
    assert sweep()["requested"] == 1
    assert sweep()["requested"] == 0
    assert given.count("alerts", "kind = 'late'") == 1
