"""The ways to start a job that need a worker, typed as any Celery primer types them."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from orchestrator import triggers
from orchestrator.celery import app
from orchestrator.ledger.models import JobStatus, Queue, Trigger
from tests import awaiting
from tests.orchestrator.ledger import given
from tests.shops import DAY, OpenShop
from tests.workers import CELERY, QUICK, ROOT, UNHURRIED, Worker, beating, working

#: Of targets that a nightly crawl leaves alone.
ONCE_A_YEAR = "0 0 1 1 *"


@pytest.fixture(scope="module")
def midnight() -> datetime:
    """A minute that is soon enough to be waited for, and not too soon for the worker to be up."""
    coming = datetime.now(UTC) + timedelta(seconds=80)
    return coming.replace(second=0, microsecond=0)


@pytest.fixture(scope="module", autouse=True)
def worker(database: str, redis_url: str, midnight: datetime, shop: OpenShop) -> Iterator[Worker]:
    """One worker for all, while two beats wait for a night that is a minute away."""
    nightly = f"{midnight.minute} {midnight.hour} * * *"
    given.a_target("nightly_shop", spider="demo_shop", start_urls=[shop.on(DAY)])
    with working("--concurrency=4", KUMO_NIGHTLY=nightly, **UNHURRIED) as worker:
        with beating(KUMO_NIGHTLY=nightly), beating(KUMO_NIGHTLY=nightly):
            yield worker


@pytest.fixture
def target_id(shop: OpenShop) -> Iterator[int]:
    with _target(shop.on(DAY)) as target_id:
        yield target_id


@pytest.fixture
def slow_target_id(slow_shop: OpenShop) -> Iterator[int]:
    with _target(slow_shop.url) as target_id:
        yield target_id


@contextmanager
def _target(url: str) -> Iterator[int]:
    fields = {"spider": "demo_shop", "schedule": ONCE_A_YEAR, "start_urls": [url]}
    target_id = given.a_target("demo_shop", **fields)
    yield target_id
    triggers.delete_target("demo_shop")
    active = "target_id = :id AND status IN ('pending', 'running')"
    awaiting.until(lambda: not given.count("scraping_jobs", active, id=target_id), "no active job")


def _celery(*arguments: str) -> str:
    ended = subprocess.run(
        [*CELERY, *arguments],
        cwd=ROOT,
        env=os.environ | QUICK,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def _call(task: str, *arguments: Any) -> UUID:
    return UUID(_celery("call", f"orchestrator.tasks.{task}", f"--args={json.dumps(arguments)}"))


def test_a_button_starts_a_job(target_id: int, shop: OpenShop) -> None:
    answer = triggers.request("demo_shop", Trigger.DASHBOARD)
    assert answer.started
    job = awaiting.ended(answer.job_id)
    assert (job.status, job.trigger, job.target_id) == ("completed", "dashboard", target_id)
    assert job.items_scraped == len(shop.products())


def test_a_called_task_crawls_under_the_id_that_celery_prints(
    target_id: int, shop: OpenShop
) -> None:
    job_id = _call("scrape_target", "demo_shop")
    awaiting.until(lambda: given.count("scraping_jobs", "id = :id", id=job_id), "its row")
    job = awaiting.ended(job_id)
    assert (job.status, job.trigger, job.target_id) == ("completed", "celery", target_id)
    assert job.items_scraped == len(shop.products())


def test_a_called_task_names_an_unknown_target_and_makes_no_job(target_id: int) -> None:
    before = given.count("scraping_jobs")
    called = _call("scrape_target", "no_such_target")
    result = awaiting.until(lambda: _ended(called), "the task's end")
    assert str(result.result).startswith("There is no target 'no_such_target'")
    assert given.count("scraping_jobs") == before


def test_a_message_that_comes_twice_starts_one_crawl(target_id: int) -> None:
    job_id = triggers.request("demo_shop", Trigger.DASHBOARD).job_id
    for _ in range(5):
        triggers.ring([(job_id, target_id, 5, Queue.CRAWLS)])
    assert awaiting.ended(job_id).attempt == 1
    assert given.count("crawls", "job_id = :id", id=job_id) == 1


def test_a_call_while_the_target_is_busy_is_skipped_and_says_for_what(slow_target_id: int) -> None:
    active = triggers.request(slow_target_id, Trigger.DASHBOARD).job_id
    called = _call("scrape_target", "demo_shop")
    awaiting.until(lambda: given.count("scraping_jobs", "id = :id", id=called), "its row")
    job = given.job(called)
    assert job.status is JobStatus.SKIPPED
    assert str(active) in (job.error_message or "")


def test_a_list_of_targets_is_started_and_the_unknown_are_named(target_id: int) -> None:
    called = _call("batch_scrape_targets", ["demo_shop", "no_such_target"])
    answer = awaiting.until(lambda: _ended(called), "the task's end").result
    assert len(answer["started"]) == 1
    assert given.job(UUID(answer["started"][0])).target_id == target_id
    assert answer["not_started"]["no_such_target"].startswith("There is no target")


def test_inspect_tells_what_is_active_and_that_nothing_is_reserved(slow_target_id: int) -> None:
    job_id = triggers.request(slow_target_id, Trigger.DASHBOARD).job_id
    awaiting.with_items(job_id, 1)
    (active,) = json.loads(_celery("inspect", "active", "--json")).values()
    # A beat of this module may have something served beside it.
    assert str(job_id) in [task["id"] for task in active]
    (reserved,) = json.loads(_celery("inspect", "reserved", "--json")).values()
    assert [task for task in reserved if task["name"].endswith("scrape_target")] == []


def test_two_beats_request_one_nightly_job(midnight: datetime, shop: OpenShop) -> None:
    found = awaiting.until(_nightly, "a nightly job", seconds=90)
    job = awaiting.ended(found[0].id)
    assert job.status is JobStatus.COMPLETED
    # A second beat's message came before this one, so it has been served with it.
    later = _call("cleanup_old_data", 30)
    answer = awaiting.until(lambda: _ended(later), "the end of a later task")
    assert answer.successful()
    assert [(row.trigger, row.due_at, row.name) for row in _nightly()] == [
        ("beat", midnight, "nightly_shop")
    ]
    assert job.items_scraped == len(shop.products())


def test_all_active_targets_are_started_by_one_call(target_id: int) -> None:
    resting = given.a_target("resting", active=False)
    called = _call("scrape_all_active_targets")
    answer = awaiting.until(lambda: _ended(called), "the task's end").result
    jobs = [given.job(UUID(job_id)) for job_id in answer["started"]]
    assert {job.target_id for job in jobs} >= {target_id}
    assert len(jobs) == 2
    assert not given.count("scraping_jobs", "target_id = :id", id=resting)
    assert {awaiting.ended(job.id).status for job in jobs} == {JobStatus.COMPLETED}


def _nightly() -> Any:
    return given.execute(
        "SELECT j.id, j.trigger, j.due_at, t.name FROM scraping_jobs j"
        " JOIN scraping_targets t ON t.id = j.target_id WHERE due_at IS NOT NULL"
    )


def _ended(task_id: UUID) -> Any:
    result = app.AsyncResult(str(task_id))
    return result if result.ready() else None
