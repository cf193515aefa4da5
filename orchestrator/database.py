"""The engine and the transaction. Connects on first use, so importing costs nothing.

Storage trouble is told apart here, once: everything above sees `DatabaseAway` or
`DatabaseNotMigrated`, never a driver's exception.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from psycopg2.extensions import make_dsn
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from orchestrator import config, driver


@cache
def engine() -> Engine:
    """One engine a process; pooled connections are checked before use."""
    return create_engine(
        config.get().require_database_url(),
        pool_pre_ping=True,
        pool_size=5,
        max_overflow=20,
        connect_args=driver.manner(),
    )


@contextmanager
def transaction() -> Iterator[Session]:
    """A session in a transaction: committed at the end, rolled back on any exception.

    Raises DatabaseAway or DatabaseNotMigrated in place of the driver's errors.
    """
    with translated(), Session(engine(), expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def reading() -> Iterator[Session]:
    """A session that only looks: each statement by itself, so nothing is begun or committed.

    That spares two trips to Postgres. Raises as `transaction` does.
    """
    with translated(), Session(engine(), expire_on_commit=False) as session:
        # Not by an isolation level, which SQLAlchemy takes back by one more trip.
        connection = session.connection().connection.driver_connection
        assert connection is not None
        connection.autocommit = True
        try:
            yield session
        finally:
            if not connection.closed:
                connection.autocommit = False


@contextmanager
def translated() -> Iterator[None]:
    """Turns the driver's word for trouble into ours."""
    try:
        yield
    except DBAPIError as error:
        raise driver.meaning(error.orig) or error from error


def server_major() -> int:
    """The major version of the server, 14 or more. Raises DatabaseAway."""
    with translated(), engine().connect() as connection:
        version: int = connection.scalar(text("SELECT current_setting('server_version_num')::int"))
    return version // 10_000


def tables() -> list[str]:
    """The names of all tables there are, ours or not. Raises DatabaseAway."""
    with translated(), engine().connect() as connection:
        return sorted(inspect(connection).get_table_names(schema="public"))


def for_programs() -> tuple[str, str | None]:
    """The address as Postgres's own programs read it, and the password, which is not in it."""
    words = driver.address(config.get().require_database_url())
    password = words.pop("password", None)
    words.pop("sslpassword", None)
    return make_dsn(**words, application_name="kumo backup"), password
