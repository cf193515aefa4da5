"""A real worker shows itself in its row."""

import socket
from uuid import uuid4

import psutil
import pytest

from orchestrator import config
from orchestrator import database as storage
from orchestrator.ledger import workers
from orchestrator.ledger.models import Worker
from orchestrator.presence import Presence
from tests.awaiting import until
from tests.orchestrator.ledger import given
from tests.workers import working


def _row(name: str) -> Worker | None:
    return next((row for row, _ in given.do(workers.all_known) if row.name == name), None)


def test_a_worker_shows_what_it_is_from_its_start_to_its_stop(
    database: str, redis_url: str
) -> None:
    node = f"{uuid4().hex[:8]}@{socket.gethostname()}"
    with working("-Q", "crawls", "--concurrency=3", "-n", node) as worker:
        row = until(lambda: _row(node), "a row of the worker")
        assert (row.slots, row.queues, row.pid) == (3, ["crawls"], worker.process.pid)
        assert set(row.versions) == {"kumo", "python", "celery", "scrapy"}
        assert row.memory_bytes > psutil.Process(worker.process.pid).memory_info().rss / 2
        seen_at = row.seen_at
        row = until(
            lambda: (now := _row(node)) and now.seen_at > seen_at and now.spiders and now,
            "a worker that goes on and knows its spiders",
        )
        assert "demo_shop" in row.spiders
        assert row.stopped_at is None
        worker.stop()
    stopped = _row(node)
    assert stopped is not None
    assert stopped.stopped_at is not None
    assert stopped.started_at == row.started_at


def test_a_worker_of_short_tasks_knows_no_spiders(database: str, redis_url: str) -> None:
    node = f"{uuid4().hex[:8]}@{socket.gethostname()}"
    with working("-Q", "control", "--concurrency=1", "-n", node):
        row = until(lambda: _row(node), "a row of the worker")
        assert (row.queues, row.spiders) == (["control"], [])


def test_a_database_that_is_away_is_only_logged_and_the_next_sign_of_life_tells_all(
    database: str,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    presence = Presence("crawls@one", 2)
    with monkeypatch.context() as patch:
        patch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
        config.get.cache_clear()
        storage.engine.cache_clear()
        presence.show()
        presence.end()
    assert "This worker is not seen as it is" in caplog.text
    config.get.cache_clear()
    storage.engine.cache_clear()
    presence.show()
    assert _row("crawls@one") is not None
