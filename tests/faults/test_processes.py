"""Kumo's processes are killed, stopped and told to stop in mid-crawl: no page is lost or doubled.

The worker on duty serves several crawls at once, so that a fault can meet all of them together;
whoever ends it calls in the next.
"""

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psutil
import pytest
from sqlalchemy import text

from orchestrator import database as storage
from orchestrator import triggers
from orchestrator.ledger.models import JobStatus, Queue, Trigger
from tests import awaiting, shops
from tests.orchestrator.ledger import given
from tests.shops import OpenShop
from tests.workers import Worker, working

PROJECTS = ("eats_memory", "event_loop_is_blocked", "swallows_signals")
ENVIRONMENT = {
    # A crawl must have begun by then, on a busy machine too.
    "KUMO_LEASE_SECONDS": "12",
    "KUMO_JOB_MEMORY_MB": "256",
    "KUMO_SPIDER_MODULES": ",".join(f"tests.projects.{name}.spiders" for name in PROJECTS),
}
#: A lease, a sweep, and what a loaded machine takes to begin.
RECOVERY_SECONDS = 40


class Shift:
    """The worker on duty."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._worker: Worker | None = None

    @property
    def worker(self) -> Worker:
        """A worker that serves; a new one after the last has ended."""
        if self._worker is None or self._worker.process.poll() is not None:
            self._worker = self.another()
        return self._worker

    def another(self) -> Worker:
        return self._stack.enter_context(working("--concurrency=4", **ENVIRONMENT))


@pytest.fixture(scope="module")
def shift(database: str, redis_url: str) -> Iterator[Shift]:
    with ExitStack() as stack:
        yield Shift(stack)


@pytest.fixture(scope="module")
def slow_shop() -> Iterator[OpenShop]:
    with shops.opened(300, delay=0.06) as shop:
        yield shop


def _requested(shop: OpenShop, spider: str = "demo_shop", **arguments: Any) -> UUID:
    return triggers.request(_a_target(shop, spider, **arguments), Trigger.DASHBOARD).job_id


def _a_target(shop: OpenShop, spider: str = "demo_shop", **arguments: Any) -> int:
    return given.a_target(
        f"shop-{uuid4().hex}", spider=spider, start_urls=[shop.url], arguments=arguments
    )


def _half_way(shop: OpenShop, *spiders: str) -> list[UUID]:
    """A job for each, with some of their items recorded and most yet to come."""
    job_ids = [_requested(shop, spider) for spider in spiders]
    for job_id in job_ids:
        awaiting.with_items(job_id, 10)
    return job_ids


def _crawler_of(job_id: UUID) -> psutil.Process:
    """The process of the job's latest attempt."""
    sql = "SELECT pid FROM crawls WHERE job_id = :id AND pid > 0 ORDER BY attempt DESC LIMIT 1"
    return psutil.Process(awaiting.until(lambda: given.execute(sql, id=job_id), "a pid")[0].pid)


def _is_whole(job_id: UUID, shop: OpenShop, *, seconds: float = 60) -> bool:
    job = awaiting.ended(job_id, seconds=seconds)
    assert job.status is JobStatus.COMPLETED, job.error_message
    rows = given.execute("SELECT key FROM scraped_items WHERE target_id = :id", id=job.target_id)
    assert {row.key for row in rows} == shop.products().keys()
    assert job.items_scraped == job.items_new == len(rows)
    assert (job.items_changed, job.items_rejected, job.failures) == (0, 0, 0)
    return True


def _outcomes(job_id: UUID) -> list[str | None]:
    rows = given.execute(
        "SELECT outcome FROM crawls WHERE job_id = :id ORDER BY attempt", id=job_id
    )
    return [row.outcome for row in rows]


def _are_gone(processes: list[psutil.Process], *, within: float) -> bool:
    """Or zombies, which do nothing more and wait for whoever adopts them."""
    until = time.monotonic() + within
    while any(_lives(process) for process in processes):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def _lives(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _written_by_the_first(job_id: UUID) -> Any:
    """All that tells of a write by the job's first attempt."""
    return given.execute(
        "SELECT c.checkpoint, c.pages, c.heartbeat_at, c.lease_until, c.ended_at, c.outcome,"
        " (SELECT count(*) FROM job_log_lines l WHERE l.job_id = c.job_id AND l.attempt = 1)"
        " FROM crawls c WHERE c.job_id = :id AND c.attempt = 1",
        id=job_id,
    )


def _taken_over(job_id: UUID) -> None:
    """Another attempt has begun and has recorded something."""
    begun = "job_id = :id AND attempt = 2 AND checkpoint > 0"
    awaiting.until(lambda: given.count("crawls", begun, id=job_id), f"job {job_id} taken over")


# F1, F3: workers are killed


@pytest.mark.fault("F1", off="taking_back_lost_crawls")
def test_jobs_of_a_machine_that_died_go_on_elsewhere_and_lose_nothing(
    shift: Shift, slow_shop: OpenShop
) -> None:
    worker = shift.worker
    job_ids = _half_way(slow_shop, *["demo_shop"] * 3)
    dying = [*worker.crawlers(), worker.forkserver(), psutil.Process(worker.process.pid)]
    for process in dying:
        process.suspend()
    for process in dying:
        process.kill()
    worker.kill()
    died_at = time.monotonic()
    assert shift.worker is not worker
    for job_id in job_ids:
        begun = "job_id = :id AND attempt = 2"
        awaiting.until(lambda: given.count("crawls", begun, id=job_id), "a second attempt")  # noqa: B023
    assert time.monotonic() - died_at < RECOVERY_SECONDS
    assert all(_is_whole(job_id, slow_shop) for job_id in job_ids)
    assert [_outcomes(job_id) for job_id in job_ids] == [["worker_lost", "finished"]] * 3


@pytest.mark.fault("F3", off="watching_the_worker")
def test_crawlers_of_a_worker_that_was_killed_end_at_once(
    shift: Shift, slow_shop: OpenShop
) -> None:
    worker = shift.worker
    with shops.opened(300, delay=1) as slower:
        # Long enough not to end by itself in the meantime.
        long = _requested(slower)
        _crawler_of(long)
        (job_id,) = _half_way(slow_shop, "demo_shop")
        family = [*worker.crawlers(), worker.forkserver()]
        assert len(family) == 3
        worker.kill()
        assert _are_gone(family, within=5)
        triggers.cancel(long)
    assert shift.worker is not worker
    assert _is_whole(job_id, slow_shop)
    assert _outcomes(job_id) == ["worker_lost", "finished"]


@pytest.mark.fault("F3", off="watching_the_worker")
def test_a_crawler_that_holds_the_interpreter_ends_with_its_worker_all_the_same(
    shift: Shift, slow_shop: OpenShop, tmp_path: Path
) -> None:
    worker = shift.worker
    job_id = _holding(slow_shop, tmp_path / "began")
    crawler = _crawler_of(job_id)
    worker.kill()
    try:
        assert _are_gone([crawler], within=5)
    finally:
        triggers.cancel(job_id)


def _holding(shop: OpenShop, began: Path) -> UUID:
    """A job whose callback sits in one C call, so that no thread of its crawler gets a turn."""
    job_id = _requested(shop, "blocks_threads_too", seconds=3_600, began=str(began))
    awaiting.until(began.exists, "a crawler that holds the interpreter")
    return job_id


# F2: crawlers are killed


@pytest.mark.fault("F2", off="causes_of_death")
def test_a_crawler_that_is_killed_is_resumed_at_once_and_its_job_tells_the_cause(
    shift: Shift, slow_shop: OpenShop
) -> None:
    assert shift.worker
    killed, crashed = _half_way(slow_shop, *["demo_shop"] * 2)
    _crawler_of(killed).send_signal(signal.SIGKILL)
    _crawler_of(crashed).send_signal(signal.SIGSEGV)
    assert _is_whole(killed, slow_shop)
    assert _is_whole(crashed, slow_shop)
    assert _outcomes(killed) == ["signal_9", "finished"]
    assert _outcomes(crashed) == ["signal_11", "finished"]
    for job_id in (killed, crashed):
        ended, begun = given.execute(
            "SELECT started_at, ended_at FROM crawls WHERE job_id = :id ORDER BY attempt", id=job_id
        )
        assert (begun.started_at - ended.ended_at).total_seconds() < 5


@pytest.mark.fault("F2", off="memory_limit")
def test_a_crawler_that_takes_too_much_memory_is_ended_and_its_job_goes_on(
    shift: Shift, slow_shop: OpenShop, tmp_path: Path
) -> None:
    assert shift.worker
    eaten = tmp_path / "eaten"
    job_id = _requested(slow_shop, "eats_memory_once", eaten=str(eaten))
    assert _is_whole(job_id, slow_shop)
    assert _outcomes(job_id) == ["out_of_memory", "finished"]


@pytest.mark.fault("F2", off="ending_orphans")
def test_crawls_of_a_forkserver_that_is_killed_go_on_uncharged(
    shift: Shift, slow_shop: OpenShop, tmp_path: Path
) -> None:
    """One of them holds the interpreter and could not end by itself."""
    worker = shift.worker
    holding = _holding(slow_shop, tmp_path / "began")
    job_ids = _half_way(slow_shop, *["demo_shop"] * 2)
    orphans = worker.crawlers()
    assert len(orphans) == 3
    triggers.cancel(holding)
    worker.forkserver().kill()
    assert _are_gone(orphans, within=5)
    assert all(_is_whole(job_id, slow_shop) for job_id in job_ids)
    assert [_outcomes(job_id) for job_id in job_ids] == [["forkserver_lost", "finished"]] * 2


# F4: workers are told to stop


@pytest.mark.fault("F4", off=("handing_back", "killing_the_deaf"))
def test_a_worker_told_to_stop_hands_all_its_jobs_back_uncharged(
    shift: Shift, slow_shop: OpenShop
) -> None:
    """One crawl goes well, one has a page that hangs, one spider is deaf, one job is claimed."""
    worker = shift.worker
    with shops.opened(5, delay=3_600) as hanging, shops.opened(300, delay=1) as slower:
        hung = _requested(hanging)
        deaf = _requested(slower, "swallows_signals")
        awaiting.until(slower.fetched, "a crawl under way")
        with _being_claimed(hanging) as claimed:
            (going,) = _half_way(slow_shop, "demo_shop")
            crawlers = [_crawler_of(job_id) for job_id in (going, deaf, hung)]
            told_at = time.monotonic()
            worker.process.send_signal(signal.SIGTERM)
            awaiting.until(lambda: "shutdown" in worker.said(), "a worker that heard it")
        assert worker.process.wait(timeout=30) == 0
        assert time.monotonic() - told_at <= 25
        assert _are_gone(crawlers, within=0)
        for job_id in (going, deaf, hung, claimed):
            job = given.job(job_id)
            assert (job.status, job.attempt, job.failures) == ("pending", 1, 0)
            assert _outcomes(job_id) == ["stopped"]
        for job_id in (deaf, hung, claimed):
            triggers.cancel(job_id)
    assert shift.worker is not worker
    assert _is_whole(going, slow_shop)
    assert _outcomes(going) == ["stopped", "finished"]


@contextmanager
def _being_claimed(shop: OpenShop) -> Iterator[UUID]:
    """A job whose claim waits for as long as this lasts."""
    target_id = _a_target(shop)
    job_id = given.a_job(target_id)
    waiting = (
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock' AND query LIKE 'UPDATE scraping_jobs%'"
    )
    with storage.engine().connect() as holder:
        holder.execute(text("SELECT FROM scraping_jobs WHERE id = :id FOR UPDATE"), {"id": job_id})
        triggers.ring([(job_id, target_id, 5, Queue.CRAWLS)])
        awaiting.until(lambda: given.execute(waiting), "a claim that waits for us")
        yield job_id
        holder.rollback()


# F34: processes sleep past their lease


@pytest.mark.fault("F34", off=("the_fence", "taking_back_lost_crawls"))
def test_a_crawler_that_slept_past_its_lease_writes_nothing_and_leaves(
    shift: Shift, slow_shop: OpenShop
) -> None:
    assert shift.worker
    (job_id,) = _half_way(slow_shop, "demo_shop")
    sleeper = _crawler_of(job_id)
    sleeper.suspend()
    _taken_over(job_id)
    written = _written_by_the_first(job_id)
    sleeper.resume()
    assert _are_gone([sleeper], within=30)
    assert _written_by_the_first(job_id) == written
    assert _is_whole(job_id, slow_shop)
    assert _outcomes(job_id) == ["worker_lost", "finished"]
    assert _written_by_the_first(job_id) == written


@pytest.mark.fault(
    "F34", off=("the_fence", "taking_back_lost_crawls", "ending_transactions_of_sleepers")
)
def test_a_machine_that_slept_holds_nobody_up_writes_nothing_and_serves_again(
    shift: Shift, slow_shop: OpenShop
) -> None:
    """It falls asleep in the midst of a sweep; one of two crawls goes on and ends, unseen."""
    sleeping = shift.worker
    slept, ended = _half_way(slow_shop, *["demo_shop"] * 2)
    crawler = _crawler_of(slept)
    asleep = [crawler, psutil.Process(sleeping.process.pid)]
    with _in_the_midst_of_a_sweep():
        for process in asleep:
            process.suspend()
    awake = shift.another()
    try:
        _taken_over(slept)
        _taken_over(ended)
        written = _written_by_the_first(slept)
    finally:
        for process in asleep:
            process.resume()
    assert _are_gone([crawler], within=30)
    for job_id in (slept, ended):
        assert _is_whole(job_id, slow_shop)
        assert _outcomes(job_id) == ["worker_lost", "finished"]
    assert _written_by_the_first(slept) == written
    assert awake.stop() == 0
    assert _is_whole(_requested(slow_shop), slow_shop)


@contextmanager
def _in_the_midst_of_a_sweep() -> Iterator[None]:
    """A worker sweeps, and its transaction lasts as long as this at the least."""
    sweeping = (
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock' AND query LIKE '%lease_until <%'"
    )
    with storage.engine().connect() as holder:
        holder.execute(text("LOCK crawls IN ACCESS EXCLUSIVE MODE"))
        awaiting.until(lambda: given.execute(sweeping), "a sweep that waits for us")
        yield
        holder.rollback()
