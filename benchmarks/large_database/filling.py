"""Fills a migrated database, table by table.

Each table is emptied and filled in one transaction: a server with `wal_level=minimal` then writes
the rows once and not twice.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2
from argon2 import PasswordHasher
from psycopg2 import sql

from benchmarks.large_database.amounts import Amounts
from benchmarks.large_database.bare_tables import bare

#: Of every user, `admin` first; the database is nobody's secret.
PASSWORD = "only for figures"

_STATEMENTS = Path(__file__).parent / "sql"
#: In the order that one needs of another. The first two are filled target by target.
_BY_TARGET = ("scraping_jobs", "scraped_items")
_CHANGES = ("item_revisions", "item_absences", "change_sets")
_DOUBTED = ("held_jobs", "held_items", "job_judgements")
_FOLLOWED = ("saved_filters", "change_marks", "change_feeds")
_AT_ONCE = (
    *_CHANGES,
    *_DOUBTED,
    *("crawls", "job_log_lines", "job_progress", "rejected_items"),
    *("charged_pages", "audit_log", "users", *_FOLLOWED, "workers", "ticks", "exports", "tallies"),
    *("target_drafts", "draft_pages", "sites"),
    *("alert_channels", "alert_rules", "alert_deliveries", "alerts"),
)
#: Filled from the items, so many of their blocks at a time.
_WORDS, _BLOCKS = "item_words", 50_000
TABLES = ("scraping_targets", *_BY_TARGET, *_AT_ONCE, _WORDS)

Tell = Callable[[str], None]
Facts = Mapping[str, Any]


def fill(url: str, amounts: Amounts, *, tell: Tell) -> None:
    """All tables; what is in them goes first. It serves before the words of items are in."""
    facts = _facts(amounts)
    shares = [facts | vars(each) for each in amounts.shares() if each.jobs]
    with _session(url) as cursor:
        with bare(cursor, TABLES, tell):
            cursor.execute("TRUNCATE item_words")
            _fill(cursor, "scraping_targets", [facts], tell=tell)
            for table in _BY_TARGET:
                _fill(cursor, table, shares, tell=tell)
            for table in _AT_ONCE:
                _fill(cursor, table, [facts], tell=tell)
        tell("gathering statistics")
        cursor.execute("VACUUM (ANALYZE, FREEZE)")
    fill_words(url, amounts, tell=tell)


def fill_changes(url: str, amounts: Amounts, *, tell: Tell) -> None:
    """What happened to the items that are there, and who follows or doubts it, again."""
    facts = _facts(amounts)
    with _session(url) as cursor:
        tables = (*_CHANGES, *_DOUBTED, *_FOLLOWED)
        with bare(cursor, tables, tell):
            for table in tables:
                _fill(cursor, table, [facts], tell=tell)
        cursor.execute(f"VACUUM (ANALYZE, FREEZE) {', '.join(tables)}")


def fill_words(url: str, _: Amounts, *, tell: Tell) -> None:
    """The words of the items that are there, again."""
    with _session(url) as cursor:
        with bare(cursor, [_WORDS], tell):
            _fill(cursor, _WORDS, _blocks(cursor), tell=tell)
        cursor.execute("VACUUM (ANALYZE, FREEZE) item_words")


def wake(url: str) -> None:
    """Lets workers and crawls look alive, who have said nothing since they were made."""
    with _session(url) as cursor:
        cursor.execute(_statement("wake"))


def is_filled(url: str) -> bool:
    """Whether it has items; a run that was broken off leaves none."""
    with _session(url) as cursor:
        cursor.execute("SELECT FROM scraped_items LIMIT 1")
        return bool(cursor.rowcount)


def _facts(amounts: Amounts) -> dict[str, Any]:
    return {
        "now": datetime.now(UTC),
        "targets": amounts.targets,
        "logging_jobs": max(amounts.of(100_000), 60),
        "busy_log": max(amounts.of(10_000), 500),
        "progressing_jobs": max(amounts.of(5_000), 60),
        "troubled_jobs": max(amounts.of(20_000), 60),
        "audit_entries": max(amounts.of(100_000), 200),
        "exports": max(amounts.of(2_000), 20),
        "drafts": max(amounts.of(2_000), 20),
        "deliveries": max(amounts.of(20_000), 60),
        "password_hash": PasswordHasher().hash(PASSWORD),
    }


class _Session(closing[Any]):
    """A cursor whose statements commit by themselves, and the functions they lean on."""

    def __enter__(self) -> Any:
        self.thing.autocommit = True
        cursor = self.thing.cursor()
        cursor.execute(_statement("session"))
        return cursor


def _session(url: str) -> _Session:
    return _Session(psycopg2.connect(url))


def _fill(cursor: Any, table: str, turns: Iterable[Facts], *, tell: Tell) -> None:
    began = told = time.monotonic()
    rows = 0
    statement = _statement(table)
    cursor.execute("BEGIN")
    cursor.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY").format(sql.Identifier(table)))
    for facts in turns:
        cursor.execute(statement, facts)
        rows += cursor.rowcount
        if time.monotonic() > told + 5:
            told = time.monotonic()
            tell(f"{table}: {rows:,} rows, {told - began:.0f} s")
    cursor.execute("COMMIT")
    tell(f"{table}: {rows:,} rows after {time.monotonic() - began:.1f} s")


def _blocks(cursor: Any) -> Sequence[Facts]:
    """Ranges of the items' places that together are all of them."""
    cursor.execute("SELECT pg_relation_size('scraped_items') / current_setting('block_size')::int")
    blocks = int(cursor.fetchone()[0])
    return [
        {"first": f"({first},0)", "end": f"({first + _BLOCKS},0)"}
        for first in range(0, blocks + 1, _BLOCKS)
    ]


def _statement(name: str) -> str:
    return (_STATEMENTS / f"{name}.sql").read_text()
