from datetime import timedelta

import pytest
from flask import Flask
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics_families,
)
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from orchestrator import config
from orchestrator import database as storage
from orchestrator.ledger import tallies, tokens, workers
from orchestrator.ledger.models import JobStatus, Role, Scope, Verdict
from orchestrator.ledger.workers import Seen
from tests import brokers
from tests.dashboard import rows
from tests.dashboard.conftest import Browser
from tests.orchestrator.ledger import given

DAY = timedelta(days=1)
OPEN_WITH_NONSENSE = "application/openmetrics-text;version=x.y;q=,,;"

Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def token(app: Flask) -> str:
    return given.do(tokens.make, given.a_person("prometheus"), "scrape", Scope.READ, DAY)


def shown(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def series(answer: TestResponse) -> Series:
    assert answer.status_code == 200, answer.text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def scraped(browser: Browser, token: str) -> Series:
    return series(browser.get("/metrics", headers=shown(token)))


def value(found: Series, name: str, **labels: str) -> float:
    return found[name, tuple(sorted(labels.items()))]


def test_a_token_or_a_session_opens_it_and_nothing_else_does(
    stranger: Browser, viewer: Browser, token: str
) -> None:
    assert stranger.get("/metrics", headers=shown(token)).status_code == 200
    assert viewer.get("/metrics").status_code == 200
    for header in ({}, shown("kumo_" + "x" * 43), shown(""), {"Authorization": f"Basic {token}"}):
        answer = stranger.get("/metrics", headers=header)
        assert answer.status_code == 401, header
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.content_type == "application/problem+json"


def test_a_token_opens_no_page_and_signs_nobody_in(stranger: Browser, token: str) -> None:
    assert stranger.get("/targets", headers=shown(token)).status_code == 302
    stranger.get("/metrics", headers=shown(token))
    assert stranger.get("/targets").status_code == 302


def test_a_token_that_is_revoked_or_over_opens_nothing(stranger: Browser, token: str) -> None:
    given.execute("UPDATE api_tokens SET expires_at = now() - interval '1 s'")
    assert stranger.get("/metrics", headers=shown(token)).status_code == 401


def test_it_is_the_text_format_or_openmetrics_as_asked_for(stranger: Browser, token: str) -> None:
    plain = stranger.get("/metrics", headers=shown(token))
    assert plain.content_type.startswith("text/plain; version=0.0.4")
    for accepted in ("application/openmetrics-text;version=1.0.0,*/*;q=0.1", OPEN_WITH_NONSENSE):
        answer = stranger.get("/metrics", headers={**shown(token), "Accept": accepted})
        assert answer.content_type.startswith("application/openmetrics-text; version=1.0.0")
        families = {family.name for family in openmetrics_families(answer.text)}
        assert {"kumo_jobs", "kumo_pages", "kumo_checkpoint_seconds", "kumo"} <= families


def test_every_series_bears_the_name_of_kumo_and_none_that_of_a_target(
    viewer: Browser, session: Session
) -> None:
    rows.fill(session)
    answer = viewer.get("/metrics")
    assert all(name.startswith("kumo_") for name, _ in series(answer))
    assert "tokyo_prices" not in answer.text


def test_jobs_are_told_by_where_they_stand(viewer: Browser) -> None:
    targets = [given.a_target(name) for name in ("a", "b", "c", "d")]
    for target_id, status in zip(
        targets,
        (JobStatus.PENDING, JobStatus.RUNNING, JobStatus.COMPLETED, JobStatus.FAILED),
        strict=True,
    ):
        given.brought_to(status, target_id)
    given.do(tallies.add, {"jobs/completed/suspicious": 2, "pages": 30, "checkpoint/0.01": 4})
    found = series(viewer.get("/metrics"))
    standing = {
        dict(labels)["status"]: number
        for (name, labels), number in found.items()
        if name == "kumo_jobs"
    }
    assert standing == {
        "pending": 1, "running": 1, "paused": 0,
        "completed": 3, "failed": 1, "cancelled": 0, "skipped": 0,
    }  # fmt: skip
    ended = "kumo_jobs_ended_total"
    assert value(found, ended, status="completed", verdict=Verdict.SUSPICIOUS) == 2
    assert value(found, ended, status="completed", verdict=Verdict.GOOD) == 1
    assert value(found, ended, status="failed", verdict="none") == 1
    assert value(found, "kumo_pages_total") == 30
    assert value(found, "kumo_checkpoint_seconds_bucket", le="0.01") == 4
    assert value(found, "kumo_checkpoint_seconds_count") == 4


def test_jobs_that_no_worker_serves_are_told_by_queue(viewer: Browser) -> None:
    given.a_job(given.a_target("tagged", worker_tag="eu"))
    assert value(series(viewer.get("/metrics")), "kumo_jobs_unserved", queue="crawls.eu") == 1
    given.do(workers.begin, Seen("eu@one", 1, queues=["crawls.eu"], slots=4, memory_bytes=7))
    assert "kumo_jobs_unserved{" not in viewer.get("/metrics").text


def test_a_worker_that_died_is_not_among_the_series(viewer: Browser) -> None:
    given.do(workers.begin, Seen("crawls@one", 1, queues=["crawls"], slots=4, memory_bytes=7))
    labels = {"worker": "crawls@one", "queues": "crawls"}
    assert value(series(viewer.get("/metrics")), "kumo_worker_slots", **labels) == 4
    given.execute("UPDATE workers SET seen_at = now() - interval '1 h'")
    assert "crawls@one" not in viewer.get("/metrics").text


def test_without_redis_it_answers_and_says_so(stranger: Browser, token: str) -> None:
    assert value(scraped(stranger, token), "kumo_up", part="redis") == 1
    with brokers.silent() as url, brokers.connected_to(url):
        found = scraped(stranger, token)
    assert value(found, "kumo_up", part="redis") == 0
    assert value(found, "kumo_up", part="database") == 1
    assert not any(name == "kumo_bells_waiting" for name, _ in found)


def test_without_its_database_it_answers_with_a_problem(
    stranger: Browser, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = storage.engine()
    monkeypatch.setenv("DATABASE_URL", "postgresql://kumo@127.0.0.1:1/kumo")
    config.get.cache_clear()
    storage.engine.cache_clear()
    answer = stranger.get("/metrics", headers=shown(token))
    assert (answer.status_code, answer.content_type) == (503, "application/problem+json")
    told = answer.get_json()
    assert told["status"] == 503
    assert "does not answer" in told["detail"]
    engine.dispose()


def test_a_viewers_token_is_enough(stranger: Browser, app: Flask) -> None:
    user_id = given.a_person("reader", role=Role.VIEWER)
    token = given.do(tokens.make, user_id, "scrape", Scope.READ, DAY)
    assert stranger.get("/metrics", headers=shown(token)).status_code == 200
