"""F5 to F8: a Redis that restarts, forgets, is full or hangs costs time, and nothing else."""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from signal import SIGKILL
from time import monotonic
from uuid import UUID

import pytest

from orchestrator import frontiers, triggers
from orchestrator.ledger.models import JobStatus, Queue, Trigger
from tests import awaiting, shops
from tests.faults import crawls
from tests.faults.people import Person, at_a_dashboard
from tests.faults.servers import OwnRedis, own_redis
from tests.orchestrator.ledger import given
from tests.shops import OpenShop
from tests.workers import Worker, working

LEASE_SECONDS = 10
BUTTON_SECONDS = 3


@pytest.fixture(scope="module")
def own() -> Iterator[OwnRedis]:
    with own_redis() as server:
        yield server


@pytest.fixture(scope="module")
def redis_url(own: OwnRedis) -> str:
    return own.url


@pytest.fixture(scope="module")
def slow_shop() -> Iterator[OpenShop]:
    with shops.opened(150, delay=0.08) as shop:
        yield shop


@pytest.fixture(scope="module")
def worker(database: str, own: OwnRedis) -> Iterator[Worker]:
    with working("--concurrency=2", KUMO_LEASE_SECONDS=str(LEASE_SECONDS)) as worker:
        yield worker


@pytest.fixture(scope="module")
def person(worker: Worker) -> Iterator[Person]:
    with at_a_dashboard() as person:
        yield person


@pytest.mark.fault("F5", off="trips_made_again")
def test_a_redis_that_restarts_with_its_data_holds_a_crawl_up_and_no_more(
    worker: Worker, own: OwnRedis, slow_shop: OpenShop
) -> None:
    job_id = crawls.under_way(slow_shop)
    own.stop(SIGKILL)
    awaiting.until(lambda: crawls.has_logged(job_id, "the crawl waits"), "a crawl that waits")
    own.start()
    crawls.assert_whole(awaiting.ended(job_id), slow_shop)
    assert crawls.outcomes(job_id) == ["finished"]


@pytest.mark.fault("F5", off="rising_number")
def test_a_redis_that_comes_back_with_older_data_is_found_out(
    worker: Worker, own: OwnRedis, slow_shop: OpenShop, tmp_path: Path
) -> None:
    job_id = crawls.under_way(slow_shop)
    shutil.copytree(own.folder, older := tmp_path / "older")
    awaiting.with_items(job_id, 80)
    own.stop(SIGKILL)
    shutil.rmtree(own.folder)
    shutil.copytree(older, own.folder)
    own.start()
    job = awaiting.ended(job_id)
    crawls.assert_whole(job, slow_shop)
    assert job.failures == 0
    assert crawls.outcomes(job_id) == ["frontier_lost", "finished"]


def _flush(own: OwnRedis) -> None:
    with own.client() as client:
        client.flushall()


def _restart_without_data(own: OwnRedis) -> None:
    own.stop(SIGKILL)
    shutil.rmtree(own.folder)
    own.start()


@pytest.mark.fault("F6", off=("frontier_mark", "bells_rung_again"))
@pytest.mark.parametrize("forget", [_flush, _restart_without_data])
def test_a_redis_that_forgets_everything_loses_no_item_and_no_bell(
    worker: Worker, own: OwnRedis, slow_shop: OpenShop, forget: Callable[[OwnRedis], None]
) -> None:
    crawling = crawls.all_under_way(slow_shop, 2)
    waiting = crawls.requested(slow_shop)
    forget(own)
    for job_id in [*crawling, waiting]:
        job = awaiting.ended(job_id, seconds=30)
        crawls.assert_whole(job, slow_shop)
        assert job.failures == 0
    assert [crawls.outcomes(each) for each in crawling] == [["frontier_lost", "finished"]] * 2


@pytest.mark.fault("F7", off=("full_channel_endured", "full_redis_named"))
def test_while_redis_is_full_jobs_wait_and_the_dashboard_answers(
    worker: Worker, own: OwnRedis, person: Person, slow_shop: OpenShop
) -> None:
    crawling = crawls.all_under_way(slow_shop, 2)
    in_the_queue = crawls.requested(slow_shop)
    target_id = crawls.a_target_on(slow_shop)
    own.fill()
    assert person.press(f"/targets/{target_id}/run").status_code == 303
    assert person.waited < BUTTON_SECONDS
    ((pressed,),) = given.execute("SELECT id FROM scraping_jobs WHERE target_id = :t", t=target_id)
    assert person.get(f"/jobs/{pressed}").ok
    person.sign_in()
    for job_id in crawling:
        job = awaiting.job_at(job_id, JobStatus.PENDING)
        assert "full" in (job.error_message or "")
        assert job.failures == 0
    # The bell in the queue came to a free slot now, and could not even be taken note of.
    awaiting.until(lambda: "memory is full" in worker.said(), "a worker that says what is wrong")
    assert worker.process.poll() is None
    own.make_room()
    for job_id in [*crawling, in_the_queue, pressed]:
        crawls.assert_whole(awaiting.ended(job_id), slow_shop)
    assert worker.process.poll() is None


@pytest.mark.fault("F7", off="bells_left_to_the_sweep")
def test_a_job_that_cannot_begin_is_not_started_as_fast_as_it_fails(
    worker: Worker, own: OwnRedis, slow_shop: OpenShop
) -> None:
    target_id = crawls.a_target_on(slow_shop)
    job_id = given.a_job(target_id)
    with own.client() as client:
        # A frontier that answers each script with an error, while bells are rung as ever.
        client.set(mark := frontiers.keys(str(job_id))[0], "no mark")
        triggers.ring([(job_id, target_id, 5, Queue.CRAWLS)])
        awaiting.until(lambda: given.job(job_id).attempt >= 2, "a second attempt")
        began = monotonic()
        awaiting.until(lambda: given.job(job_id).attempt >= 6, "more attempts")
        # A sweep each half second rings one.
        assert monotonic() - began > 1.5
        client.delete(mark)
    crawls.assert_whole(awaiting.ended(job_id), slow_shop)


@pytest.fixture(scope="module")
def tiny_shop() -> Iterator[OpenShop]:
    with shops.opened(8) as shop:
        yield shop


@pytest.mark.fault("F8", off=("redis_timeouts", "bells_rung_again"))
def test_while_redis_hangs_every_button_answers_and_the_jobs_run_afterwards(
    worker: Worker, person: Person, tiny_shop: OpenShop, own: OwnRedis
) -> None:
    target_id, *others = (crawls.a_target_on(tiny_shop) for _ in range(4))
    cancelled, resumed = (given.brought_to(JobStatus.PAUSED, each) for each in others[:2])
    ended = given.brought_to(JobStatus.FAILED, others[2])
    own.freeze()
    try:
        for path in (
            f"/targets/{target_id}/run",
            f"/jobs/{cancelled}/cancel",
            f"/jobs/{resumed}/resume",
            f"/jobs/{ended}/retry",
        ):
            assert person.press(path).status_code == 303
            assert person.waited < BUTTON_SECONDS, path
        assert person.get("/jobs").ok
    finally:
        own.thaw()
    assert given.job(cancelled).status is JobStatus.CANCELLED
    for each in (target_id, others[1], others[2]):
        sql = "SELECT id FROM scraping_jobs WHERE target_id = :t AND status <> 'failed'"
        ((job_id,),) = given.execute(sql, t=each)
        crawls.assert_whole(awaiting.ended(job_id), tiny_shop)


@pytest.mark.fault("F8", off="connections_for_all")
def test_more_triggers_than_there_are_connections_answer_in_time_while_redis_hangs(
    worker: Worker, tiny_shop: OpenShop, own: OwnRedis
) -> None:
    target_ids = [crawls.a_target_on(tiny_shop) for _ in range(34)]

    def timed(target_id: int) -> tuple[UUID, float]:
        began = monotonic()
        answer = triggers.request(target_id, Trigger.API)
        return answer.job_id, monotonic() - began

    own.freeze()
    try:
        with ThreadPoolExecutor(len(target_ids)) as pool:
            answers = list(pool.map(timed, target_ids))
    finally:
        own.thaw()
    # Ten at a time, as is Celery's default, they would take eight seconds.
    assert max(seconds for _, seconds in answers) < 2 * BUTTON_SECONDS
    for job_id, _ in answers:
        assert awaiting.ended(job_id).attempt == 1
