"""Tables without indexes and constraints, while many rows are put into them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from psycopg2 import sql

#: Checks stay: they cost little, and without them wrong rows would be in the table by then.
_CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
FROM pg_constraint
WHERE contype IN ('p', 'u', 'f')
  AND (conrelid = ANY (%(tables)s::regclass[]) OR confrelid = ANY (%(tables)s::regclass[]))
ORDER BY contype = 'f' DESC, conrelid::regclass::text, conname
"""
_INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
FROM pg_index
WHERE indrelid = ANY (%(tables)s::regclass[])
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
ORDER BY 1
"""


@contextmanager
def bare(cursor: Any, tables: Sequence[str], tell: Callable[[str], None]) -> Iterator[None]:
    """Drops what slows an INSERT; makes it again when all went well, foreign keys last."""
    constraints = _asked(cursor, _CONSTRAINTS, tables)
    indexes = _asked(cursor, _INDEXES, tables)
    for table, name, _ in constraints:
        cursor.execute(_alter("DROP CONSTRAINT {}", table, name))
    for name, _ in indexes:
        cursor.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    yield
    for name, definition in indexes:
        tell(f"index {name}")
        cursor.execute(definition)
    for table, name, definition in reversed(constraints):
        tell(f"constraint {name}")
        cursor.execute(_alter("ADD CONSTRAINT {} " + definition, table, name))


def _asked(cursor: Any, query: str, tables: Sequence[str]) -> list[tuple[str, ...]]:
    cursor.execute(query, {"tables": list(tables)})
    rows: list[tuple[str, ...]] = cursor.fetchall()
    return rows


def _alter(what: str, table: str, name: str) -> sql.Composed:
    change = "ALTER TABLE {} " + what
    return sql.SQL(change).format(sql.Identifier(table), sql.Identifier(name))
