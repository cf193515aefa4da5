"""F12 to F18: a request that was answered runs once, however often and by whomever it is made."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests

from orchestrator import config, triggers
from orchestrator.celery import CRAWLS, app
from orchestrator.ledger.models import JobStatus, Queue
from tests import awaiting
from tests.faults import clocks, crawls
from tests.faults.people import at_a_dashboard, kill_dashboard
from tests.faults.servers import own_postgres, own_redis
from tests.orchestrator.ledger import given
from tests.shops import OpenShop
from tests.workers import ROOT, Worker, beating, working

#: Asks many times at once for a job of a target; prints the answers.
ASK = """
import sys
from concurrent.futures import ThreadPoolExecutor
from orchestrator import config, triggers
from orchestrator.ledger.models import Trigger

sys.stdin.readline()
with ThreadPoolExecutor(10) as pool:
    asked = [pool.submit(triggers.request, sys.argv[1], Trigger.API) for _ in range(10)]
for each in asked:
    print(each.result().started, each.result().job_id)
"""


@pytest.fixture(scope="module")
def worker(database: str, redis_url: str) -> Iterator[Worker]:
    with working("--concurrency=2") as worker:
        yield worker


def _jobs_of(target_id: int) -> list[Any]:
    sql = "SELECT * FROM scraping_jobs WHERE target_id = :id ORDER BY queued_at"
    return list(given.execute(sql, id=target_id))


# A dashboard that dies


@pytest.fixture
def silence() -> Iterator[str]:
    """The address of a Redis that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


@pytest.mark.fault("F12", off="bells_rung_again")
def test_a_dashboard_killed_between_row_and_bell_loses_no_job(
    worker: Worker, shop: OpenShop, silence: str
) -> None:
    target_id = crawls.a_target_on(shop)
    with at_a_dashboard(REDIS_URL=silence) as person, ThreadPoolExecutor(1) as pool:
        pressed = pool.submit(person.press, f"/targets/{target_id}/run")
        awaiting.until(lambda: _jobs_of(target_id), "its row")
        # It waits for Redis now, to ring.
        kill_dashboard(person)
        with pytest.raises(requests.RequestException):
            pressed.result()
    (row,) = _jobs_of(target_id)
    crawls.assert_whole(awaiting.ended(row.id), shop)
    assert crawls.outcomes(row.id) == ["finished"]


@pytest.mark.fault("F12", off="same_id_same_job")
def test_the_same_message_again_gives_the_same_job(worker: Worker, shop: OpenShop) -> None:
    target_id = crawls.a_target_on(shop)
    task_id = uuid4()
    for _ in range(3):
        called = app.send_task(
            "orchestrator.tasks.scrape_target",
            args=[target_id],
            task_id=str(task_id),
            queue=CRAWLS,
        )
    awaiting.until(called.ready, "the end of a task")
    crawls.assert_whole(awaiting.ended(task_id), shop)
    later = app.send_task(
        "orchestrator.tasks.scrape_target", args=[target_id], task_id=str(task_id), queue=CRAWLS
    )
    awaiting.until(later.ready, "the end of a task")
    assert [row.id for row in _jobs_of(target_id)] == [task_id]
    assert crawls.outcomes(task_id) == ["finished"]


# Many at once


@pytest.mark.fault("F14", off=("one_active_job", "claimed_once"))
def test_fifty_triggers_at_once_and_messages_again_make_one_crawl(
    worker: Worker, slow_shop: OpenShop
) -> None:
    target_id = crawls.a_target_on(slow_shop)
    asking = [
        subprocess.Popen(
            [sys.executable, "-c", ASK, str(target_id)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(5)
    ]
    with ThreadPoolExecutor(5) as pool:
        said = pool.map(lambda process: process.communicate("now\n", timeout=60)[0], asking)
        answers = [line.split() for each in said for line in each.splitlines()]
    assert len(answers) == 50
    assert [started for started, _ in answers].count("True") == 1
    (job_id,) = {UUID(job_id) for _, job_id in answers}
    for _ in range(10):
        triggers.ring([(job_id, target_id, 5, Queue.CRAWLS)])
    awaiting.with_items(job_id, 10)
    for _ in range(10):
        triggers.ring([(job_id, target_id, 0, Queue.CRAWLS)])
    crawls.assert_whole(awaiting.ended(job_id), slow_shop)
    assert [row.id for row in _jobs_of(target_id)] == [job_id]
    assert crawls.outcomes(job_id) == ["finished"]


# Nights


def _late_beats() -> None:
    """What two beats send when the night's moment has come, and later when they are late."""
    nightly = "orchestrator.tasks.scrape_all_active_targets"
    for each in [app.send_task(nightly, kwargs={"nightly": True}) for _ in range(2)]:
        awaiting.until(each.ready, "the end of a beat's task")


def _at_midnight(target_id: int) -> None:
    """The target's night has come."""
    given.execute(
        "UPDATE scraping_targets SET next_run_at = now() - interval '1 s' WHERE id = :id",
        id=target_id,
    )


@pytest.mark.fault("F16", off="due_targets_requested")
def test_a_beat_that_was_dead_at_midnight_is_made_up_for_once(
    worker: Worker, shop: OpenShop
) -> None:
    target_id = crawls.a_target_on(shop, schedule=None)
    _at_midnight(target_id)
    (row,) = awaiting.until(lambda: _jobs_of(target_id), "its nightly job")
    with beating(), beating():
        _late_beats()
        crawls.assert_whole(awaiting.ended(row.id), shop)
        _at_midnight(target_id)
        awaiting.until(
            lambda: given.count(
                "scraping_targets", "id = :id AND next_run_at > now()", id=target_id
            ),
            "a sweep",
        )
    assert [each.id for each in _jobs_of(target_id)] == [row.id]
    assert (row.trigger, row.due_at is None) == ("beat", False)


@pytest.mark.fault("F16", off="skipped_rows")
def test_a_night_that_finds_its_target_busy_says_so(worker: Worker, shop: OpenShop) -> None:
    target_id = crawls.a_target_on(shop, schedule=None)
    busy = given.brought_to(JobStatus.PAUSED, target_id)
    _at_midnight(target_id)
    skipped = awaiting.until(lambda: _jobs_of(target_id)[1:], "a row of that night", seconds=20)
    assert [(row.status, row.trigger) for row in skipped] == [("skipped", "beat")]
    assert str(busy) in skipped[0].error_message
    triggers.cancel(busy)


# Wrong clocks

CRAWLS_ONLY = ("--concurrency=1", "-Q", CRAWLS)
#: libfaketime makes a slow start slower, and the lease begins before the crawler does.
LONG_LEASE = {"KUMO_LEASE_SECONDS": "30"}


@pytest.fixture
def alone(worker: Worker) -> Iterator[None]:
    """Only workers that come now crawl; the module's own goes on sweeping."""
    app.control.cancel_consumer(CRAWLS, reply=True, timeout=10, limit=1)
    yield
    app.control.add_consumer(CRAWLS, reply=True, timeout=10, limit=1)


@pytest.mark.fault("F18", off="leases_by_the_databases_clock")
def test_a_worker_whose_clock_is_two_hours_slow_keeps_its_crawls(
    alone: None, slow_shop: OpenShop
) -> None:
    with working(*CRAWLS_ONLY, **LONG_LEASE, **clocks.off_by("-2h")):
        job_id = crawls.requested(slow_shop)
        crawls.assert_whole(awaiting.ended(job_id), slow_shop)
    assert crawls.outcomes(job_id) == ["finished"]


@pytest.mark.fault("F18", off="schedules_by_the_databases_clock")
def test_a_worker_whose_clock_is_two_hours_fast_is_early_for_nothing(
    alone: None, shop: OpenShop
) -> None:
    tonight = crawls.a_target_on(shop, schedule=None)
    given.execute(
        "UPDATE scraping_targets SET next_run_at = now() + interval '1 hour' WHERE id = :id",
        id=tonight,
    )
    with working(*CRAWLS_ONLY, **LONG_LEASE, **clocks.off_by("+2h")):
        job_id = crawls.requested(shop)
        crawls.assert_whole(awaiting.ended(job_id), shop)
    assert crawls.outcomes(job_id) == ["finished"]
    assert _jobs_of(tonight) == []


@pytest.mark.fault("F16", off="one_occasion_a_night")
def test_a_night_in_which_half_past_two_comes_twice_has_one_job(
    shop: OpenShop, tmp_path: Path
) -> None:
    """What says the time is Postgres; it lives in the night in which summer time ends."""
    clock = clocks.Clock(tmp_path / "clock", "2026-10-25T00:20:00+00:00")
    nightly = {"KUMO_NIGHTLY": "30 2 * * *", "KUMO_TIMEZONE": "Europe/Berlin"}
    with ExitStack() as stack:
        stack.enter_context(own_redis())
        stack.enter_context(own_postgres(**clock.environment))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for name, value in nightly.items():
            patch.setenv(name, value)
        config.get.cache_clear()
        target_id = given.a_target("night", spider="demo_shop", start_urls=[shop.url])
        stack.enter_context(working("--concurrency=2", **LONG_LEASE))
        clock.set("2026-10-25T00:30:02+00:00")
        (row,) = awaiting.until(lambda: _jobs_of(target_id), "its nightly job")
        crawls.assert_whole(awaiting.ended(row.id), shop)
        for half_past_two in ("00:30:10", "01:30:02", "01:30:10"):
            clock.set(moment := f"2026-10-25T{half_past_two}+00:00")
            come = "SELECT 1 WHERE now() >= CAST(:moment AS timestamptz)"
            awaiting.until(lambda: given.execute(come, moment=moment), "that moment")  # noqa: B023
            _late_beats()
        first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
        assert [each.due_at for each in _jobs_of(target_id)] == [first]
    config.get.cache_clear()
