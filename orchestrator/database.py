"""The engine and the transaction. Connects on first use, so importing costs nothing.

Storage trouble is told apart here, once: everything above sees `DatabaseAway` or
`DatabaseNotMigrated`, never a driver's exception.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from psycopg2.extensions import make_dsn
from sqlalchemy import Engine, create_engine, inspect, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from orchestrator import config
from orchestrator.exceptions import DatabaseAway, DatabaseNotMigrated

#: SQLSTATE classes that mean "the server cannot serve now": connection, resources, operator.
_AWAY_CLASSES = ("08", "53", "57")
#: A deadlock, a lock not to be had in time, a clash of transactions, one ended because its process
#: had slept: all pass when tried again.
_BUSY = ("40P01", "55P03", "40001", "25P03")
#: A process that is stopped, or whose machine is gone, in the midst of a transaction would keep its
#: locks until the network gives up, and with them the turn to sweep.
_IDLE_AT_MOST = "-c idle_in_transaction_session_timeout={milliseconds}"
#: A machine that is gone says nothing, and the system would wait two hours for it: Postgres asks
#: for a sign of life instead, and gives up when so many were not answered.
_ASK_FOR_LIFE = (
    " -c tcp_keepalives_idle={idle} -c tcp_keepalives_interval={interval}"
    " -c tcp_keepalives_count={count}"
)
_ASKED = 3
_NO_ANSWER = (
    "The database does not answer, so nothing was changed: see that Postgres runs and that "
    "DATABASE_URL is right (`kumo doctor` looks)."
)
_MISSING_TABLE, _MISSING_COLUMN = "42P01", "42703"


@cache
def engine() -> Engine:
    """One engine a process; pooled connections are checked before use."""
    settings = config.get()
    return create_engine(
        settings.require_database_url(),
        pool_pre_ping=True,
        pool_size=5,
        max_overflow=20,
        connect_args={"connect_timeout": 5, "application_name": "kumo"}
        | _patience(settings.lease_seconds),
    )


def _patience(lease_seconds: float) -> dict[str, Any]:
    """When a connection is given up, by us and by Postgres: within half a lease."""
    silent = max(round(lease_seconds / 4), 1)
    asked = {"idle": silent, "interval": max(silent // _ASKED, 1), "count": _ASKED}
    idle_at_most = _IDLE_AT_MOST.format(milliseconds=int(lease_seconds * 1_000))
    return {
        "options": idle_at_most + _ASK_FOR_LIFE.format(**asked),
        **{f"keepalives_{name}": value for name, value in asked.items()},
        # Of what was sent and did not arrive.
        "tcp_user_timeout": 2_000 * silent,
    }


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
        driver = session.connection().connection.driver_connection
        assert driver is not None
        driver.autocommit = True
        try:
            yield session
        finally:
            if not driver.closed:
                driver.autocommit = False


@contextmanager
def translated() -> Iterator[None]:
    """Turns the driver's word for trouble into ours."""
    try:
        yield
    except DBAPIError as error:
        raise meaning(error.orig) or error from error


def meaning(error: Any) -> DatabaseAway | DatabaseNotMigrated | None:
    """What a driver's exception says about the storage; None when it is about the statement."""
    state = getattr(error, "pgcode", None)
    if state in (_MISSING_TABLE, _MISSING_COLUMN):
        return DatabaseNotMigrated("The database lacks tables of this version: run `kumo migrate`.")
    if state in _BUSY:
        return DatabaseAway("The database is busy with something else; nothing was changed.")
    # psycopg2 leaves the code out when the connection itself failed.
    if state is None and type(error).__name__ in ("OperationalError", "InterfaceError"):
        return DatabaseAway(_NO_ANSWER)
    if state is not None and state.startswith(_AWAY_CLASSES):
        return DatabaseAway(_NO_ANSWER)
    return None


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
    settings = config.get()
    # Asked without connecting: what engine() would hand to the driver.
    url = make_url(settings.require_database_url())
    _, words = url.get_dialect()().create_connect_args(url)
    password = words.pop("password", None)
    words.pop("sslpassword", None)
    return make_dsn(**words, application_name="kumo backup"), password
