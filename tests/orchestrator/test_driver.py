"""Postgres by its driver alone: the same address, the same words for trouble."""

from threading import Thread

import psycopg2
import pytest
from sqlalchemy import make_url

from orchestrator import config, driver
from orchestrator.exceptions import DatabaseAway, DatabaseNotMigrated
from tests import awaiting
from tests.orchestrator.ledger import given

TERMINATE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.mark.parametrize(
    "rest",
    [
        "kumo:secret@db.example:5433/kumo",
        "kumo:s%40cr%2Fet%25@db.example/kumo",
        "kumo:a/b#c?d:e@db.example/kumo",
        "kumo@db.example/kumo",
        "db.example/kumo",
        "db.example",
        "/kumo",
        "/kumo?host=/var/run/postgresql",
        "kumo:secret@/kumo?host=/run/pg&port=5433",
        "kumo@[::1]:5433/kumo",
        "kumo@db.example/kumo?sslmode=verify-full&sslrootcert=/etc/ca.pem",
        "kumo@/kumo?host=a.example:5433&host=b.example:5434",
        "kumo@/kumo?host=a.example&host=b.example",
        "kumo@/kumo?host=a.example,b.example&port=5433,5434",
        "kumo@/kumo?host=a.example:5433",
        "kumo@db.example/%E5%90%8D%E5%89%8D",
    ],
)
def test_an_address_is_read_as_sqlalchemy_reads_it(rest: str) -> None:
    url = make_url(f"postgresql+psycopg2://{rest}")
    _, expected = url.get_dialect()().create_connect_args(url)
    told = {name: str(value) for name, value in expected.items()}
    # A port for each of several hosts, or for none of them.
    if not told.get("port", "").strip(","):
        told.pop("port", None)
    assert driver.address(f"postgresql+psycopg2://{rest}") == told


def test_a_statement_is_asked_again_when_its_kept_connection_was_cut(database: str) -> None:
    pid = driver.ask("SELECT pg_backend_pid()", {})
    assert driver.ask("SELECT pg_backend_pid()", {}) == pid
    given.execute(TERMINATE)
    assert driver.ask("SELECT pg_backend_pid()", {}) != pid


def test_a_connection_that_was_taken_is_nobody_elses(database: str) -> None:
    kept = driver.ask("SELECT pg_backend_pid()", {})[0][0]
    taken = driver.take()
    try:
        assert taken.info.backend_pid == kept
        assert driver.ask("SELECT pg_backend_pid()", {})[0][0] != kept
    finally:
        taken.close()


def test_many_threads_ask_at_once_and_few_connections_stay(database: str) -> None:
    def ask() -> None:
        driver.ask("SELECT pg_sleep(0.2)", {})

    threads = [Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    others = "FROM pg_stat_activity WHERE query LIKE '%pg_sleep(0.2)' AND pid <> pg_backend_pid()"
    awaiting.until(lambda: given.execute(f"SELECT count(*) {others}") == [(2,)], "two that stay")


def test_an_error_of_the_statement_is_the_drivers(database: str) -> None:
    with pytest.raises(psycopg2.Error, match="division by zero"):
        driver.ask("SELECT 1 / 0", {})


def test_a_missing_table_says_what_to_do(database: str) -> None:
    with pytest.raises(DatabaseNotMigrated, match="kumo migrate"):
        driver.ask("SELECT FROM nowhere", {})


def test_what_was_kept_of_another_server_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    driver.ask("SELECT 1", {})
    with monkeypatch.context() as patch:
        patch.setenv("DATABASE_URL", "postgresql://kumo@127.0.0.1:1/kumo")
        config.get.cache_clear()
        with pytest.raises(DatabaseAway, match="does not answer"):
            driver.ask("SELECT 1", {})
    config.get.cache_clear()
    assert driver.ask("SELECT 1", {}) == [(1,)]
