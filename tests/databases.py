"""Databases for tests: a scratch one, and one that test after test gets empty.

To clone the template for every test took most of the suite's time; emptying the tables takes a few
milliseconds. A test that changes the schema costs the next one a new clone, and nothing else.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import count
from typing import Any
from uuid import uuid4

import psycopg2
from psycopg2.errors import DeadlockDetected
from sqlalchemy import URL, make_url

from tests.pair import Pair

_numbers = count(1)

#: Tables, columns and constraints in one digest.
_SHAPE = """
SELECT md5(string_agg(part, ',' ORDER BY part)) FROM (
    SELECT attrelid::regclass || '.' || attname AS part
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace AND attnum > 0
    UNION ALL
    SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT tgrelid::regclass || ' ' || tgname FROM pg_trigger WHERE NOT tgisinternal
) AS parts
"""
#: Whoever could hold the emptying up or changes rows after it; others may keep their connection.
_BUSY = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
AND (state <> 'idle' OR pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory'))
"""
_TABLES = """
SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables
WHERE schemaname = 'public' AND tablename <> 'alembic_version'
"""
_EMPTIES = "TRUNCATE {tables} RESTART IDENTITY CASCADE"
#: To delete a few rows takes a quarter of the time: no file is made anew. Null where many were.
_DELETES = """
SELECT string_agg(part, ';') FROM (
    SELECT 'SET session_replication_role = replica' AS part
    UNION ALL
    SELECT format('DELETE FROM %I', tablename) FROM pg_tables
    WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    UNION ALL
    SELECT format('ALTER SEQUENCE %I RESTART', sequencename) FROM pg_sequences
    WHERE schemaname = 'public' AND last_value IS NOT NULL
) AS parts
WHERE (SELECT sum(pg_relation_size(oid)) FROM pg_class WHERE relnamespace = 'public'::regnamespace)
    < 4000000
"""


class OneForAll:
    """A clone of the template, emptied for each test."""

    def __init__(self, pair: Pair, template: URL) -> None:
        self._pair, self._template = pair, template
        self._url = _create(pair, template)
        with _connected(self._url) as ask:
            self._shape = ask(_SHAPE)

    def emptied(self) -> URL:
        """The database without rows, work of earlier tests, or changes to its schema."""
        with _connected(self._url) as ask:
            ask(_BUSY)
            if unchanged := ask(_SHAPE) == self._shape:
                ask(ask(_DELETES) or _EMPTIES.format(tables=ask(_TABLES)))
        if not unchanged:
            self.drop()
            self._url = _create(self._pair, self._template)
        return self._url

    def drop(self) -> None:
        _drop(self._pair, self._url)


@contextmanager
def scratch(pair: Pair, template: URL | None = None) -> Iterator[URL]:
    """A database of its own, empty or cloned, dropped afterwards."""
    url = _create(pair, template)
    try:
        yield url
    finally:
        _drop(pair, url)


def empty(url: str) -> None:
    """Leaves no row in a migrated database; who is connected stays so."""
    with _connected(make_url(url)) as ask:
        statement = _EMPTIES.format(tables=ask(_TABLES))
        for _ in range(4):
            # A request of a page that is closed may still take its locks, in another order.
            with suppress(DeadlockDetected):
                ask(statement)
                return
        ask(statement)


def _server(pair: Pair) -> URL:
    return make_url(pair.database_url).set(drivername="postgresql")


def _create(pair: Pair, template: URL | None) -> URL:
    name = f"kumo_test_{uuid4().hex[:8]}_{next(_numbers)}"
    copied = f' TEMPLATE "{template.database}"' if template else ""
    with _connected(_server(pair)) as ask:
        ask(f'CREATE DATABASE "{name}"{copied}')
    return _server(pair).set(database=name)


def _drop(pair: Pair, url: URL) -> None:
    with _connected(_server(pair)) as ask:
        ask(f'DROP DATABASE "{url.database}" WITH (FORCE)')


@contextmanager
def _connected(url: URL) -> Iterator[Callable[[str], Any]]:
    """A function that runs one statement and returns the first field of its answer, if any."""
    with closing(psycopg2.connect(url.render_as_string(hide_password=False))) as connection:
        connection.autocommit = True

        def ask(statement: str) -> Any:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None

        yield ask
