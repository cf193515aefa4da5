"""The rows in which workers show that they live."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from orchestrator import celery, config
from orchestrator.ledger import workers
from orchestrator.ledger.models import Queue, Worker
from orchestrator.ledger.workers import Seen
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")


def worker(name: str = "crawls@one", **about: Any) -> Seen:
    return Seen(name, **{"pid": 7, "queues": ["crawls"], "slots": 2, "memory_bytes": 5} | about)


def begun(seen: Seen) -> datetime:
    return given.do(workers.begin, seen)


def known() -> Sequence[Worker]:
    return [row for row, _ in given.do(workers.all_known)]


def living() -> list[str]:
    sql = "SELECT name FROM workers WHERE stopped_at IS NULL"
    return [name for (name,) in given.execute(sql)]


def test_the_queue_of_crawls_is_the_one_that_celery_routes_them_to() -> None:
    assert tuple(Queue) == (celery.CRAWLS, celery.BROWSER)


def test_a_worker_is_known_by_what_it_said_last() -> None:
    began = begun(worker())
    given.execute("UPDATE workers SET seen_at = now() - interval '1 minute'")
    given.do(workers.seen, worker(memory_bytes=9, spiders=["books"]), began)
    (row,) = known()
    assert (row.memory_bytes, row.spiders, row.started_at) == (9, ["books"], began)
    assert row.seen_at > began


def test_those_that_live_come_first() -> None:
    begun(worker("b@one"))
    given.do(workers.stopped, "b@one", known()[0].started_at)
    begun(worker("c@one"))
    begun(worker("a@one"))
    given.execute("UPDATE workers SET seen_at = now() - interval '1 minute' WHERE name = 'a@one'")
    found = given.do(workers.all_known)
    assert [(row.name, lives) for row, lives in found] == [
        ("c@one", True),
        ("a@one", False),
        ("b@one", False),
    ]


def test_spiders_that_are_not_known_yet_leave_those_of_before() -> None:
    begun(worker(spiders=["books"]))
    begun(worker())
    assert known()[0].spiders == ["books"]


def test_a_worker_that_begins_again_is_another_one_of_the_same_name() -> None:
    first = begun(worker())
    given.do(workers.stopped, "crawls@one", first)
    assert living() == []
    second = begun(worker())
    assert second > first
    assert living() == ["crawls@one"]


def test_a_worker_whose_name_another_took_can_neither_stop_nor_change_it() -> None:
    first = begun(worker())
    begun(worker())
    given.do(workers.seen, worker(memory_bytes=1_000), first)
    given.do(workers.stopped, "crawls@one", first)
    assert living() == ["crawls@one"]
    assert known()[0].memory_bytes == 5


def test_a_worker_that_was_not_seen_for_a_month_is_forgotten() -> None:
    for name, days in (("old@one", 31), ("older@one", 29)):
        begun(worker(name))
        given.execute(
            "UPDATE workers SET seen_at = now() - make_interval(days => :days) WHERE name = :name",
            days=days,
            name=name,
        )
    begun(worker())
    assert [row.name for row in known()] == ["crawls@one", "older@one"]


def test_patience_is_three_sweeps_and_never_less_than_three_quarters_of_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for seconds, patience in (("0.5", 45), ("15", 45), ("60", 180)):
        monkeypatch.setenv("KUMO_SWEEP_SECONDS", seconds)
        config.get.cache_clear()
        assert workers.patience() == timedelta(seconds=patience)
