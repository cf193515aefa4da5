"""The locks that a migration needs, and who has them.

A migration that waits for a table makes all who come after it wait too; so it waits for a few
seconds in all, gives everything back, and comes again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any

from sqlalchemy import Connection, event, text

from orchestrator import database

#: How long one try may wait for locks, all its statements together.
WAIT_SECONDS = 3

#: SQLSTATE of a lock that was not to be had in time, and of two that wait for each other.
REFUSED_STATES = ("55P03", "40P01")

_ONE_AT_A_TIME = 0x6B756D6F
_TRY, _LEAVE = text("SELECT pg_try_advisory_lock(:key)"), text("SELECT pg_advisory_unlock(:key)")

_HOLDERS = """
SELECT pid, application_name AS name, state,
       extract(epoch FROM now() - xact_start)::int AS seconds,
       string_agg(DISTINCT relname, ', ' ORDER BY relname) AS tables
FROM pg_locks
JOIN pg_stat_activity USING (pid)
JOIN pg_class ON pg_class.oid = relation
WHERE granted AND pid <> pg_backend_pid() AND datname = current_database()
  AND relnamespace = 'public'::regnamespace AND relkind = 'r'
GROUP BY pid, application_name, state, xact_start
ORDER BY xact_start
LIMIT 1
"""


class Refused(Exception):
    """Another migration is at work."""


@contextmanager
def alone() -> Iterator[None]:
    """One migration at a time. Raises Refused when another one is at work for long.

    Asked for again and again: whoever waits in one statement has a snapshot, and an index that is
    built while others write waits for that. The lock is a session's, so it ends with its process.
    """
    with database.engine().connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        until = monotonic() + WAIT_SECONDS
        while not connection.scalar(_TRY, {"key": _ONE_AT_A_TIME}):
            if monotonic() > until:
                raise Refused
            sleep(0.1)
        try:
            yield
        finally:
            connection.scalar(_LEAVE, {"key": _ONE_AT_A_TIME})


def wait_briefly(connection: Connection) -> None:
    """From now on the statements of this connection wait for locks no longer than they may."""
    until = monotonic() + WAIT_SECONDS

    def allow_what_is_left(_connection: object, cursor: Any, *_: object) -> None:
        left = max(int((until - monotonic()) * 1000), 1)
        # Of the session, since an index that is built beside others has no transaction.
        cursor.execute(f"SET lock_timeout = {left}")

    event.listen(connection, "before_cursor_execute", allow_what_is_left)


def holder() -> str:
    """Who has held a lock on one of our tables for longest, in words."""
    with database.engine().connect() as connection:
        row = connection.execute(text(_HOLDERS)).one_or_none()
    if row is None:
        return "nobody holds a table now, so perhaps another migration was at work"
    name = f" ({row.name})" if row.name else ""
    return f"session {row.pid}{name}, {row.state} for {row.seconds} s, holds {row.tables}"
