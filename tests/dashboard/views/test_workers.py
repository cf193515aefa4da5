"""The page of workers, and what answers."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, update
from sqlalchemy.orm import Session

from orchestrator import config, triggers
from orchestrator.ledger import ticks, workers
from orchestrator.ledger.models import JobStatus, ScrapingTarget, Trigger, Worker
from orchestrator.ledger.workers import Seen
from tests import brokers
from tests.dashboard import rows
from tests.dashboard.conftest import Browser


@pytest.fixture
def broker(redis_url: str) -> Iterator[None]:
    with brokers.connected_to(redis_url):
        yield
    config.get.cache_clear()


def worker(session: Session, name: str, **changes: object) -> None:
    versions = {"kumo": "0.1.0", "python": "3.11.7"}
    seen = Seen(name, 7, ["crawls"], 2, memory_bytes=312_000_000, versions=versions)
    workers.begin(session, seen)
    if changes:
        session.execute(update(Worker).where(Worker.name == name).values(**changes))


def test_before_any_worker_there_is_a_way_to_start_one(viewer: Browser) -> None:
    page = viewer.get("/workers").text
    assert "No worker has ever shown itself here." in page
    assert page.count("Never.") == 2


def test_a_worker_is_alive_quiet_or_stopped(viewer: Browser, session: Session) -> None:
    worker(session, "crawls@one")
    worker(session, "crawls@two", seen_at=func.now() - timedelta(minutes=3))
    worker(session, "crawls@three", stopped_at=func.now() - timedelta(minutes=2))
    page = viewer.get("/workers").text
    for said in ("Alive", "Quiet", "Stopped", "3 min ago", "2 min ago", "312.0 MB", "kumo 0.1.0"):
        assert said in page, said
    assert page.count("0 of 2 slots taken") == 1
    assert "data-live" not in page


@pytest.mark.parametrize(
    ("carried", "queue"), [({"render": True}, "browser"), ({"worker_tag": "eu"}, "crawls.eu")]
)
def test_jobs_that_no_worker_serves_are_told_until_one_does(
    viewer: Browser, session: Session, carried: dict[str, object], queue: str
) -> None:
    worker(session, "crawls@one")
    target = rows.target(session, "special")
    job = rows.job(session, target, JobStatus.PENDING)
    job.definition = {**job.definition, **carried}
    target.worker_tag = job.definition.get("worker_tag")
    session.flush()
    told = "One job waits, and no worker that serves this queue is alive."
    command = f"celery -A orchestrator worker -Q {queue}<"
    for address in ("/", "/workers", f"/jobs/{job.id}"):
        assert command in viewer.get(address).text, address
    assert told in viewer.get("/workers").text
    worker(session, "special@one", queues=[queue], slots=1)
    page = viewer.get("/workers").text
    assert told not in page
    assert "0 of 1 slot taken" in page


def test_a_job_that_waits_for_a_tag_says_when_its_target_asks_for_another(
    viewer: Browser, session: Session
) -> None:
    target = rows.target(session, "special")
    job = rows.job(session, target, JobStatus.PENDING)
    job.definition = {**job.definition, "worker_tag": "eu"}
    target.worker_tag = "eu"
    session.flush()
    page = viewer.get(f"/jobs/{job.id}").text
    assert "No worker that serves the tag eu has been heard of yet." in page
    changed = "Its target asks for other workers by now."
    assert changed not in page
    target.worker_tag = None
    session.flush()
    page = viewer.get(f"/jobs/{job.id}").text
    assert changed in page
    assert "the tag eu" in page
    assert "no worker of its tag is alive" in viewer.get("/jobs").text


def test_a_worker_shows_what_it_crawls_and_the_page_is_live(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    worker(session, "crawls@kumo-1")
    job = rows.job(session, target, JobStatus.RUNNING)
    rows.crawl(session, job)
    session.flush()
    rows.job(session, rows.target(session, "other"), JobStatus.PENDING)
    page = viewer.get("/workers").text
    assert f'href="/jobs/{job.id}"' in page
    assert "1 of 2 slots taken" in page
    assert "one job waits" in page
    assert "data-live" in page


def test_the_clocks_are_judged_in_words(viewer: Browser, session: Session) -> None:
    for name in (ticks.SWEEP, ticks.BEAT):
        ticks.tick(session, name)
    assert viewer.get("/workers").text.count("as it should be") == 2
    session.execute(update(ticks.Tick).values(at=func.now() - timedelta(minutes=9)))
    page = viewer.get("/workers").text
    assert "Every worker that is alive sweeps, so none seems to be." in page
    assert "Either beat is not running" in page


def test_the_page_says_how_old_it_is(viewer: Browser) -> None:
    assert "As of " in viewer.get("/workers").text


def test_queues_are_told_by_how_many_messages_wait(
    viewer: Browser, session: Session, target: ScrapingTarget, broker: None
) -> None:
    triggers.request(target.id, Trigger.API)
    worker(session, "eu@one", queues=["crawls.eu"], stopped_at=func.now())
    waiting = rows.job(session, rows.target(session, "tagged"), JobStatus.PENDING)
    waiting.definition = {**waiting.definition, "worker_tag": "eu"}
    session.flush()
    page = viewer.get("/workers/answers").text
    assert "one message waits" in page
    assert "empty" in page
    assert "Queue crawls.eu" in page
    assert "No worker is alive that could answer." in page


def test_a_worker_whose_row_lives_but_that_does_not_answer_is_named(
    viewer: Browser, session: Session, broker: None
) -> None:
    worker(session, "crawls@one")
    page = viewer.get("/workers/answers").text
    assert "crawls@one" in page
    assert "did not answer in time" in page


def test_a_redis_that_is_away_is_said_with_what_it_means(viewer: Browser, session: Session) -> None:
    worker(session, "crawls@one")
    with brokers.connected_to("redis://127.0.0.1:1/0"):
        page = viewer.get("/workers/answers").text
    assert "Redis does not answer" in page
    assert "nothing is lost" in page
    assert "did not answer in time" not in page


def test_the_script_gets_the_answers_alone(viewer: Browser, broker: None) -> None:
    fragment = viewer.get("/workers/answers", headers={"X-Kumo-Fragment": "1"}).text
    assert "<html" not in fragment
    assert "Ask again" in fragment
    assert 'data-later="/workers/answers"' in viewer.get("/workers").text
