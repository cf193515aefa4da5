"""The command, called in this process; the trouble that any command may meet."""

from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from orchestrator import cli, config
from orchestrator import database as storage

Kumo = Callable[..., Result]

NOBODY_LISTENS = "127.0.0.1:1"


@pytest.fixture
def kumo() -> Kumo:
    """Calls `kumo` with these arguments; an error it does not answer fails the test."""

    def call(*arguments: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(cli.kumo, arguments, input=typed, catch_exceptions=False)

    return call


@pytest.fixture
def database_away(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """DATABASE_URL names a port where nobody listens."""
    monkeypatch.setenv("DATABASE_URL", f"postgresql://kumo@{NOBODY_LISTENS}/kumo")
    yield from _with_another_engine()


@pytest.fixture
def no_database(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """DATABASE_URL is not set, and nothing runs in the home."""
    monkeypatch.delenv("DATABASE_URL")
    yield from _with_another_engine()


@pytest.fixture
def no_tables(database: str) -> None:
    """The database answers and is empty."""
    with storage.engine().begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))


def _with_another_engine() -> Iterator[None]:
    storage.engine.cache_clear()
    config.get.cache_clear()
    yield
    storage.engine.cache_clear()
    config.get.cache_clear()
