import pytest
from sqlalchemy.orm import Session

from orchestrator import config
from orchestrator import database as storage
from tests.dashboard.conftest import Browser


def test_a_stranger_may_ask_whether_it_is_alive_and_ready(stranger: Browser) -> None:
    assert stranger.get("/healthz").json == {"status": "alive"}
    assert stranger.get("/readyz").json == {"status": "ready"}


def test_it_is_not_ready_without_a_column_it_reads(stranger: Browser, session: Session) -> None:
    session.connection().exec_driver_sql("ALTER TABLE scraping_jobs RENAME pages TO sheets")
    answer = stranger.get("/readyz")
    assert answer.status_code == 503
    assert "run `kumo migrate`" in answer.get_json()["why"]


def test_it_is_alive_but_not_ready_without_its_database(
    stranger: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = storage.engine()
    monkeypatch.setenv("DATABASE_URL", "postgresql://kumo@127.0.0.1:1/kumo")
    config.get.cache_clear()
    storage.engine.cache_clear()
    assert stranger.get("/readyz").status_code == 503
    assert stranger.get("/healthz").status_code == 200
    engine.dispose()
