"""The engine and the transaction. Connects on first use, so importing costs nothing.

Storage trouble is told apart here, once: everything above sees `DatabaseAway` or
`DatabaseNotMigrated`, never a driver's exception.
"""

import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

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
_NO_ANSWER = (
    "The database does not answer, so nothing was changed: see that Postgres runs and that "
    "DATABASE_URL is right (`kumo doctor` looks)."
)
_MISSING_TABLE, _MISSING_COLUMN = "42P01", "42703"
#: A connection that was idle for longer is asked whether it lives.
_ASKED_AFTER_SECONDS = 10.0
_USED_AT = "used_at"


@cache
def engine() -> Engine:
    """One engine a process; pooled connections are checked before use."""
    settings = config.get()
    idle_at_most = _IDLE_AT_MOST.format(milliseconds=int(settings.lease_seconds * 1_000))
    made = create_engine(
        settings.require_database_url(),
        pool_size=5,
        max_overflow=20,
        connect_args={
            "connect_timeout": 5,
            "application_name": "kumo",
            "options": idle_at_most,
        },
    )
    event.listen(made, "connect", _used)
    event.listen(made, "checkin", _used)
    event.listen(made, "checkout", _check)
    return made


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


def _used(_: Any, entry: ConnectionPoolEntry) -> None:
    entry.info[_USED_AT] = time.monotonic()


def _check(connection: Any, entry: ConnectionPoolEntry, _: Any) -> None:
    """A connection that Postgres has closed is replaced before anybody uses it.

    A question costs a trip to Postgres each time. One that was used a moment ago says by its
    socket that it was closed: there is something to read, though nothing was asked.
    """
    idle_seconds = time.monotonic() - entry.info[_USED_AT]
    if idle_seconds < _ASKED_AFTER_SECONDS and not _has_news(connection):
        return
    try:
        engine().dialect.do_ping(connection)
    except Exception as error:
        raise DisconnectionError("Postgres has closed this connection.") from error


def _has_news(connection: Any) -> bool:
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
