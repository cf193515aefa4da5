"""Postgres by its driver alone, for processes that are many and begin often: crawls.

SQLAlchemy with our tables takes 26 MB and half a second of each, and what a crawl says to the
ledger is a handful of statements written by hand. Trouble is told as `database` tells it.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl, unquote

import psycopg2

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

#: As SQLAlchemy reads an address: a password may hold whatever is no @.
_ADDRESS = re.compile(
    r"[^:]+://"
    r"(?:(?P<user>[^:/]*)(?::(?P<password>[^@]*))?@)?"
    r"(?:\[(?P<v6>[^/?]+)\]|(?P<host>[^/:?]+))?(?::(?P<port>[^/?]*))?"
    r"(?:/(?P<dbname>[^?]*))?(?:\?(?P<query>.*))?"
)

#: Connections that nobody uses at this moment, with the address that each was made to. A crawl asks
#: from two threads at the most.
_kept: list[tuple[str, Any]] = []
_keeping = Lock()
_MOST_KEPT = 2


def manner() -> dict[str, Any]:
    """What is asked of each connection beside its address.

    It is given up, by us and by Postgres, within half a lease.
    """
    lease_seconds = config.get().lease_seconds
    silent = max(round(lease_seconds / 4), 1)
    asked = {"idle": silent, "interval": max(silent // _ASKED, 1), "count": _ASKED}
    idle_at_most = _IDLE_AT_MOST.format(milliseconds=int(lease_seconds * 1_000))
    return {
        "connect_timeout": 5,
        "application_name": "kumo",
        "options": idle_at_most + _ASK_FOR_LIFE.format(**asked),
        **{f"keepalives_{name}": value for name, value in asked.items()},
        # Of what was sent and did not arrive.
        "tcp_user_timeout": 2_000 * silent,
    }


def take() -> Any:
    """A connection in autocommit mode, the caller's own from now on.

    Raises DatabaseAway or DatabaseNotMigrated, as all here.
    """
    with translated():
        return _kept_one() or _connected()


def ask(sql: str, parameters: Mapping[str, Any]) -> list[Any]:
    """The rows of one statement, which is a transaction of its own in one round trip.

    It must be one that may be made twice: a connection that was cut meanwhile tells so only then.
    """
    with translated():
        kept = _kept_one()
        if kept is not None:
            with suppress(psycopg2.OperationalError, psycopg2.InterfaceError):
                return _asked(kept, sql, parameters)
        return _asked(_connected(), sql, parameters)


def forget() -> None:
    """Closes what is kept."""
    with _keeping:
        while _kept:
            _kept.pop()[1].close()


@contextmanager
def translated() -> Iterator[None]:
    """Turns the driver's word for trouble into ours."""
    try:
        yield
    except psycopg2.Error as error:
        raise meaning(error) or error from error


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


def address(url: str) -> dict[str, str]:
    """An address, as SQLAlchemy would hand it to the driver."""
    found = _ADDRESS.match(url)
    assert found is not None, "the configuration knows only addresses of databases"
    parts = {name: value for name, value in found.groupdict().items() if value}
    said: dict[str, str] = {
        name: unquote(parts[name]) for name in ("user", "password", "dbname") if name in parts
    }
    if host := parts.get("host") or parts.get("v6"):
        said["host"] = host
    if "port" in parts:
        said["port"] = parts["port"]
    return said | _more(parts.get("query", ""))


def _more(query: str) -> dict[str, str]:
    """The words behind the question mark; of several hosts each may have its port with it."""
    several: dict[str, list[str]] = defaultdict(list)
    for name, value in parse_qsl(query):
        several[name].append(value)
    said = {name: ",".join(values) for name, values in several.items()}
    hosts = several.get("host", [])
    have_ports = any(":" in host and not host.startswith("/") for host in hosts)
    if have_ports and "port" not in said:
        pairs = [host.partition(":") for host in hosts]
        said["host"] = ",".join(host for host, _, _ in pairs)
        said["port"] = ",".join(port for _, _, port in pairs)
    return said


def _connected() -> Any:
    words: dict[str, Any] = address(_url()) | manner()
    connection = psycopg2.connect(**words)
    connection.autocommit = True
    return connection


def _url() -> str:
    return config.get().require_database_url()


def _kept_one() -> Any:
    url = _url()
    with _keeping:
        while _kept:
            made_to, connection = _kept.pop()
            if made_to == url:
                return connection
            connection.close()
    return None


def _keep(connection: Any) -> None:
    with _keeping:
        if len(_kept) < _MOST_KEPT:
            _kept.append((_url(), connection))
            return
    connection.close()


def _asked(connection: Any, sql: str, parameters: Mapping[str, Any]) -> list[Any]:
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            rows = cursor.fetchall() if cursor.description else []
    except BaseException:
        connection.close()
        raise
    _keep(connection)
    return rows
