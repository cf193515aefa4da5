"""Deleting in batches: a thousand rows a transaction, passing over rows that somebody else holds.

A batch that has to wait for a lock, or that takes long, gives way: what it has not done goes with
the next clean-up. So nobody waits for a clean-up longer than for one batch.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Select,
    delete,
    exists,
    func,
    inspect,
    not_,
    select,
    tuple_,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.dml import Delete, Update

from orchestrator import database
from orchestrator.ledger.cleanup import idle
from orchestrator.ledger.models import Table

logger = logging.getLogger(__name__)

#: More in one transaction would hold up others, and much of it be lost when it is interrupted.
MOST_ROWS = 1_000
#: A reference that is looked at while its row is held waits for that row; a batch of few rows and
#: many references takes long.
_LOCK_MILLISECONDS, _BATCH_MILLISECONDS = 1_000, 20_000
#: SQLSTATE of a lock not had in time, a statement cut off, and two that wait for each other.
_REFUSED = ("55P03", "57014", "40P01")


@dataclass(frozen=True, slots=True)
class Step:
    """Rows of one kind that go together."""

    #: What they are called when they are counted.
    noun: str
    table: type[Table]
    which: ColumnElement[bool]
    #: Also true of a row, once the steps before have been taken.
    then: Sequence[ColumnElement[bool]] = ()


def take(steps: Iterable[Step]) -> Counter[str]:
    """Removes what the steps say, one after the other; how many rows by noun."""
    counts: Counter[str] = Counter()
    for step in steps:
        counts[step.noun] += remove(step.table, step.which, *step.then)
    return counts


def remove(table: type[Table], *where: ColumnElement[bool], of_idle: int | None = None) -> int:
    """Deletes what fits, batch by batch; how many rows.

    `of_idle`: only while that target is idle, which it is held to be meanwhile.
    """
    return _until_done(delete(table).where(_key(table).in_(_batch(table, *where))), of_idle)


def let_go(
    column: InstrumentedAttribute[Any], ids: Sequence[Any], *where: ColumnElement[bool]
) -> None:
    """Makes references to these rows empty, batch by batch."""
    table = table_of(column)
    rows = _batch(table, column.in_(ids), *where)
    _until_done(update(table).where(_key(table).in_(rows)).values({column.key: None}))


def unnamed(
    key: InstrumentedAttribute[Any], columns: Sequence[InstrumentedAttribute[Any]]
) -> list[ColumnElement[bool]]:
    """True of a row that none of these columns refers to."""
    # Of these columns alone: a worker's account may not read what is secret in others.
    return [not_(exists(column).where(column == key)) for column in columns]


def table_of(column: InstrumentedAttribute[Any]) -> type[Table]:
    table: type[Table] = column.parent.class_
    return table


def _batch(table: type[Table], *where: ColumnElement[bool]) -> Any:
    # As a CTE, which is read once: in a join the planner may run a subquery again and again, and
    # each time it locks the next thousand.
    rows = select(*_key_columns(table)).where(*where).limit(MOST_ROWS)
    return select(rows.with_for_update(of=table, skip_locked=True).cte("batch"))


def _key(table: type[Table]) -> Any:
    return tuple_(*_key_columns(table))


def _key_columns(table: type[Table]) -> Sequence[Any]:
    return inspect(table).primary_key


def _until_done(statement: Delete | Update, of_idle: int | None = None) -> int:
    """Runs it until it finds no full batch any more, each time in a transaction of its own."""
    touched, now = 0, MOST_ROWS
    while now == MOST_ROWS:
        now = _one_batch(statement, of_idle)
        touched += now
    return touched


def _one_batch(statement: Delete | Update, of_idle: int | None) -> int:
    try:
        with database.transaction() as session, _giving_way():
            session.execute(_modestly())
            if of_idle is None or idle.held(session, of_idle):
                return _run(session, statement)
    except _GaveWay as reason:
        logger.warning("A batch gave way, for another clean-up to do: %s", reason)
    return 0


def _modestly() -> Select[Any]:
    # Each batch leaves dead rows behind, which the planner knows nothing of: a walk through the
    # table would be longer with each, while an index forgets them.
    settings = {
        "enable_seqscan": "off",
        "enable_bitmapscan": "off",
        "lock_timeout": str(_LOCK_MILLISECONDS),
        "statement_timeout": str(_BATCH_MILLISECONDS),
    }
    return select(*(func.set_config(name, value, True) for name, value in settings.items()))


class _GaveWay(Exception):
    """Somebody else needs the rows, or a batch of them takes too long."""


@contextmanager
def _giving_way() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if getattr(error.orig, "pgcode", None) in _REFUSED:
            raise _GaveWay(str(error.orig).strip()) from error
        raise


def _run(session: Session, statement: Delete | Update) -> int:
    done = session.execute(statement, execution_options={"synchronize_session": False})
    assert isinstance(done, CursorResult)
    return int(done.rowcount)
