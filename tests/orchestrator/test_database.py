import os
import socket
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError

from orchestrator import config
from orchestrator import database as storage
from orchestrator.exceptions import ConfigError, DatabaseAway, DatabaseNotMigrated
from orchestrator.ledger import targets
from tests.orchestrator.ledger import given


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """DATABASE_URL names a port where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv(
            "DATABASE_URL", f"postgresql://kumo@127.0.0.1:{taken.getsockname()[1]}/k"
        )
        config.get.cache_clear()
        storage.engine.cache_clear()
        yield
    storage.engine.cache_clear()


def run(sql: str) -> None:
    with storage.transaction() as session:
        session.execute(text(sql))


def test_a_transaction_is_kept_as_a_whole(database: str) -> None:
    run("INSERT INTO ticks (name) VALUES ('a'), ('b')")
    assert given.count("ticks") == 2


def test_a_transaction_that_fails_leaves_nothing(database: str) -> None:
    def fail() -> None:
        with storage.transaction() as session:
            session.execute(text("INSERT INTO ticks (name) VALUES ('a')"))
            raise KeyError("stop")

    with pytest.raises(KeyError):
        fail()
    assert given.count("ticks") == 0


def test_what_was_read_may_be_looked_at_after_its_transaction(database: str) -> None:
    target_id = given.a_target()
    with storage.transaction() as session:
        target = targets.find(session, target_id)
    assert target.name == "shop"


def test_a_database_that_is_not_there_is_away(nowhere: None) -> None:
    with pytest.raises(DatabaseAway, match="nothing was changed"):
        run("SELECT 1")


def test_a_session_killed_in_mid_transaction_is_away_and_the_next_one_works(database: str) -> None:
    def killed() -> None:
        with storage.transaction() as session:
            session.execute(text("INSERT INTO ticks (name) VALUES ('a')"))
            pid = session.scalar(text("SELECT pg_backend_pid()"))
            given.execute("SELECT pg_terminate_backend(:pid, 5000)", pid=pid)
            session.execute(text("INSERT INTO ticks (name) VALUES ('b')"))

    with pytest.raises(DatabaseAway):
        killed()
    assert given.count("ticks") == 0


def test_idle_connections_that_were_killed_are_replaced_unseen(database: str) -> None:
    run("SELECT 1")
    given.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    for _ in range(3):
        run("SELECT 1")


@pytest.mark.parametrize("state", ["08006", "53300", "57014", "57P01", "57P03"])
def test_trouble_of_the_server_means_away(state: str, database: str) -> None:
    with pytest.raises(DatabaseAway):
        run(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{state}'; END $$")


@pytest.mark.parametrize("sql", ["SELECT * FROM nothing", "SELECT nothing FROM ticks"])
def test_a_missing_table_or_column_asks_for_a_migration(sql: str, database: str) -> None:
    with pytest.raises(DatabaseNotMigrated, match="kumo migrate"):
        run(sql)


def test_a_wrong_statement_stays_an_error_of_ours(database: str) -> None:
    with pytest.raises(DataError):
        run("SELECT 1 / 0")
    with pytest.raises(IntegrityError):
        run("INSERT INTO ticks (name) VALUES (NULL)")


def test_without_an_address_the_sentence_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("KUMO_HOME", str(tmp_path))
    config.get.cache_clear()
    storage.engine.cache_clear()
    with pytest.raises(ConfigError, match="set DATABASE_URL, or"):
        run("SELECT 1")


@pytest.mark.parametrize("state", ["40P01", "55P03", "40001"])
def test_what_passes_when_tried_again_says_so(state: str, database: str) -> None:
    with pytest.raises(DatabaseAway, match="busy"):
        run(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{state}'; END $$")


def test_both_ends_of_a_connection_ask_whether_the_other_is_still_there(database: str) -> None:
    """What comes of it when one is gone is shown with whole machines, in tests/faults."""
    with storage.engine().connect() as connection:
        names = "idle", "interval", "count"
        theirs = [int(connection.scalar(text(f"SHOW tcp_keepalives_{name}"))) for name in names]
        with socket.socket(fileno=os.dup(connection.connection.driver_connection.fileno())) as ours:
            options = socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT
            mine = [ours.getsockopt(socket.IPPROTO_TCP, option) for option in options]
            unsent = ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    assert theirs == mine == [15, 5, 3]
    assert unsent == 30_000


def test_who_only_looks_asks_by_single_statements(database: str) -> None:
    with storage.reading() as session:
        pid = session.scalar(text("SELECT pg_backend_pid()"))
        (row,) = given.execute("SELECT state FROM pg_stat_activity WHERE pid = :pid", pid=pid)
    assert row.state == "idle"
    # The next one gets that connection, and begins a transaction again.
    test_a_transaction_that_fails_leaves_nothing(database)
