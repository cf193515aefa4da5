"""F9 to F11: a Postgres that restarts, cuts sessions off or is away loses and doubles nothing."""

from collections.abc import Iterator
from signal import SIGQUIT

import pytest
from sqlalchemy import URL, text

from orchestrator import database as storage
from tests import awaiting, shops
from tests.faults import crawls, proxies
from tests.faults.people import Person, at_a_dashboard
from tests.faults.proxies import Cut, Proxy
from tests.faults.servers import Breakable, own_postgres
from tests.orchestrator.ledger import given
from tests.shops import OpenShop
from tests.workers import Worker, working

#: Every other session of this database ends, whatever it is at.
TERMINATE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture(scope="module")
def own() -> Iterator[Breakable]:
    with own_postgres() as server:
        yield server


@pytest.fixture(scope="module")
def database(own: Breakable) -> str:
    return own.url


@pytest.fixture(scope="module")
def slow_shop() -> Iterator[OpenShop]:
    with shops.opened(200, delay=0.08) as shop:
        yield shop


@pytest.fixture(scope="module")
def between(own: Breakable) -> Iterator[tuple[Proxy, URL]]:
    """What stands between the worker and Postgres, and the address of it."""
    with proxies.before(own.url) as (proxy, url):
        yield proxy, url


@pytest.fixture(scope="module")
def worker(between: tuple[Proxy, URL], database: str, redis_url: str) -> Iterator[Worker]:
    there = between[1].render_as_string(hide_password=False)
    with working("--concurrency=1", DATABASE_URL=there, KUMO_LEASE_SECONDS="6") as worker:
        yield worker


@pytest.fixture(scope="module")
def person(worker: Worker) -> Iterator[Person]:
    with at_a_dashboard() as person:
        yield person


@pytest.mark.fault("F9", off="commits_made_again")
def test_a_restart_and_sessions_killed_in_mid_crawl_lose_nothing(
    worker: Worker, own: Breakable, slow_shop: OpenShop
) -> None:
    job_id = crawls.under_way(slow_shop)
    for least in (30, 60):
        awaiting.with_items(job_id, least)
        given.execute(TERMINATE)
    awaiting.with_items(job_id, 90)
    storage.engine().dispose()
    own.stop(SIGQUIT)
    own.start()
    job = awaiting.ended(job_id)
    crawls.assert_whole(job, slow_shop)
    assert job.pages == slow_shop.pages
    assert crawls.outcomes(job_id) == ["finished"]


@pytest.mark.fault("F9", off="last_commit")
def test_a_commit_in_flight_as_the_crawl_ends_is_not_its_last(worker: Worker) -> None:
    heartbeat = "SELECT heartbeat_at FROM crawls WHERE job_id = :id"
    with shops.opened(100, delay=0.02) as shop, storage.engine().connect() as holder:
        job_id = crawls.under_way(shop)
        holder.execute(text("SELECT FROM scraping_jobs WHERE id = :id FOR UPDATE"), {"id": job_id})
        awaiting.until(lambda: len(shop.fetched()) == shop.pages, "a shop that was fetched whole")
        # The crawl is at its end, and its commit waits for us; only the heartbeat goes on.
        for _ in range(2):
            before = given.execute(heartbeat, id=job_id)
            awaiting.until(lambda: given.execute(heartbeat, id=job_id) != before, "a heartbeat")  # noqa: B023
        holder.rollback()
        crawls.assert_whole(awaiting.ended(job_id), shop)
    assert crawls.outcomes(job_id) == ["finished"]


@pytest.mark.fault("F9", off="acknowledged_after_the_commit")
def test_pages_whose_commit_never_came_are_fetched_again(worker: Worker) -> None:
    """The crawler dies while its commit waits for a lock, and the commit is broken off."""
    waiting = (
        " FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        " AND position('WITH fence' in query) > 0"
    )
    with shops.opened(200, delay=0.08) as shop, storage.engine().connect() as holder:
        job_id = crawls.under_way(shop)
        holder.execute(text("SELECT FROM scraping_jobs WHERE id = :id FOR UPDATE"), {"id": job_id})
        awaiting.until(lambda: given.execute("SELECT pid" + waiting), "a commit that waits")
        fetched = len(shop.fetched())
        awaiting.until(lambda: len(shop.fetched()) > fetched + 40, "more pages")
        worker.crawler().kill()
        assert given.execute("SELECT pg_terminate_backend(pid)" + waiting)
        holder.rollback()
        crawls.assert_whole(awaiting.ended(job_id), shop)
    assert crawls.outcomes(job_id) == ["signal_9", "finished"]


@pytest.mark.fault("F11", off=("trouble_told_apart", "taking_back_lost_crawls"))
def test_while_postgres_is_down_workers_wait_and_the_dashboard_says_so(
    worker: Worker, own: Breakable, person: Person, slow_shop: OpenShop
) -> None:
    crawling = crawls.under_way(slow_shop)
    waiting = crawls.requested(slow_shop)
    target_id = given.job(waiting).target_id
    storage.engine().dispose()
    own.stop()
    for answer in (person.get("/targets"), person.press(f"/targets/{target_id}/run")):
        assert answer.status_code == 503
        assert "The database does not answer" in answer.text
    assert person.get("/healthz").status_code == 200
    assert person.get("/readyz").status_code == 503
    # Longer than the crawler waits, and then longer than its worker tries to tell how it ended.
    awaiting.until(lambda: "raised" in worker.said(), "a task that has given up")
    assert worker.crawlers() == []
    own.start()
    for job_id in (crawling, waiting):
        job = awaiting.ended(job_id)
        crawls.assert_whole(job, slow_shop)
        assert job.failures == 0
    assert worker.process.poll() is None
    assert person.get("/readyz").status_code == 200
    assert person.get("/targets").ok


@pytest.mark.fault("F10", off=("checkpoint_number", "commits_made_again"))
def test_a_checkpoint_of_unknown_outcome_is_counted_once(
    worker: Worker, between: tuple[Proxy, URL], slow_shop: OpenShop
) -> None:
    proxy, _ = between
    proxy.sign = b"WITH fence AS"
    job_id = crawls.requested(slow_shop)
    job = awaiting.ended(job_id)
    proxy.sign = None
    assert {*proxy.cuts} == {Cut.STATEMENT, Cut.ANSWER}
    crawls.assert_whole(job, slow_shop)
    assert job.pages == slow_shop.pages
    assert crawls.outcomes(job_id) == ["finished"]
