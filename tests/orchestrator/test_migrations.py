import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event, inspect, text

from orchestrator import database as storage
from orchestrator import migrations
from orchestrator.exceptions import DatabaseAway
from orchestrator.ledger.models import Table
from tests import earlier_version
from tests.orchestrator.ledger import given

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.usefixtures("database")


#: Those that grow with every crawl.
LARGE = "scraped_items|item_revisions|item_absences|scraping_jobs|job_log_lines"
NOT_WHILE_OTHERS_WORK = {
    why: re.compile(pattern).search
    for why, pattern in {
        "old code reads it": r"^DROP TABLE|DROP COLUMN|RENAME",
        "old code writes nothing there": r"SET NOT NULL|ADD COLUMN (?!.*DEFAULT).*NOT NULL",
        "the table is written anew": r" TYPE |ADD COLUMN .*DEFAULT (?!now\(\))\w+\(",
        "writers wait for the index": rf"^CREATE (UNIQUE )?INDEX (?!CONCURRENTLY).* ON ({LARGE})\b",
        "writers wait for the check": (
            rf"^ALTER TABLE ({LARGE}) ADD CONSTRAINT (?!.*(NOT VALID|USING INDEX))"
        ),
    }.items()
}


def differences() -> list[Any]:
    with storage.engine().connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        return compare_metadata(context, Table.metadata)


def tables() -> set[str]:
    return set(inspect(storage.engine()).get_table_names())


def downgrade(revision: str) -> None:
    command.downgrade(migrations._alembic(), revision)


def constraints() -> list[Any]:
    """What the comparison leaves out: checks, foreign keys, partial indexes, word for word."""
    with storage.engine().connect() as connection:
        return [
            *connection.execute(
                text("SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint ORDER BY 1, 2")
            ),
            *connection.execute(text("SELECT indexname, indexdef FROM pg_indexes ORDER BY 1, 2")),
        ]


def files_of_tables() -> dict[str, int]:
    """Where their rows are: another number for each time a table is written anew."""
    rows = given.execute(
        "SELECT relname, relfilenode FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        " AND relname <> 'alembic_version'"
    )
    return {row.relname: row.relfilenode for row in rows}


@contextmanager
def statements_heard(said: list[str]) -> Iterator[None]:
    def hear(*arguments: Any) -> None:
        said.append(" ".join(arguments[2].split()))

    event.listen(storage.engine(), "before_cursor_execute", hear)
    yield
    event.remove(storage.engine(), "before_cursor_execute", hear)


def the_table(statement: str) -> str | None:
    """The table that a statement alters or gives an index to."""
    found = re.match(
        r"(?:ALTER TABLE (?:ONLY )?|DROP TABLE |CREATE (?:UNIQUE )?INDEX .*? ON )(\w+)", statement
    )
    return found[1] if found else None


def why_not(statement: str) -> str | None:
    """What old code, or whoever writes meanwhile, would stumble over; None when it goes on."""
    return next((why for why, found in NOT_WHILE_OTHERS_WORK.items() if found(statement)), None)


def test_the_models_and_the_migrations_agree() -> None:
    assert differences() == []


def test_the_models_make_the_very_constraints_that_the_migrations_make() -> None:
    migrated = constraints()
    downgrade("base")
    Table.metadata.create_all(storage.engine())
    made = constraints()
    # No migration made these tables, so none can take them away.
    Table.metadata.drop_all(storage.engine())
    assert made == migrated


def test_going_down_to_nothing_and_up_again_gives_the_same() -> None:
    before = constraints()
    downgrade("base")
    assert tables() <= {"alembic_version"}
    assert not migrations.is_current()
    migrations.upgrade()
    assert constraints() == before
    assert migrations.is_current()
    assert differences() == []


def test_migrating_again_changes_nothing() -> None:
    before = constraints()
    migrations.upgrade()
    assert constraints() == before


def test_two_migrations_at_once_wait_for_each_other() -> None:
    downgrade("base")
    script = "from orchestrator import migrations; migrations.upgrade()"
    started = [
        subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    ended = [(process.communicate(timeout=60)[1], process.returncode) for process in started]
    assert ended == [(b"", 0)] * 3
    assert migrations.is_current()


def test_a_migration_that_cannot_have_its_lock_gives_up_soon() -> None:
    with storage.engine().connect() as busy:
        busy.execute(text("LOCK TABLE scraping_jobs IN ACCESS SHARE MODE"))
        with pytest.raises(DatabaseAway, match="busy"), storage.translated():
            downgrade("base")
    # Those before it are done: 0003 leaves the transaction.
    assert "scraping_jobs" in tables()


def test_no_migration_since_the_earliest_version_writes_a_table_anew() -> None:
    downgrade(earlier_version.ITS_TABLES)
    given.execute("INSERT INTO scraping_targets (name, spider) VALUES ('shop', 'shop')")
    before = files_of_tables()
    migrations.upgrade()
    after = files_of_tables()
    assert len(before) > 10
    assert {table: after.get(table) for table in before} == before


def test_every_migration_since_then_lets_old_code_go_on() -> None:
    downgrade(earlier_version.ITS_TABLES)
    there, said = tables(), []
    with statements_heard(said):
        migrations.upgrade()
    on_old_tables = [each for each in said if the_table(each) in there]
    assert len(on_old_tables) > 20
    assert [each for each in on_old_tables if why_not(each)] == []


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE crawls",
        "ALTER TABLE crawls DROP COLUMN pid",
        "ALTER TABLE crawls RENAME COLUMN pid TO process",
        "ALTER TABLE crawls ALTER COLUMN pid TYPE bigint",
        "ALTER TABLE crawls ALTER COLUMN pid SET NOT NULL",
        "ALTER TABLE crawls ADD COLUMN a integer NOT NULL",
        "ALTER TABLE crawls ADD COLUMN a timestamptz DEFAULT clock_timestamp()",
        "CREATE INDEX a ON scraped_items (b)",
        "CREATE UNIQUE INDEX a ON job_log_lines (b)",
        "ALTER TABLE scraped_items ADD CONSTRAINT a CHECK (b > 1)",
        "ALTER TABLE scraping_jobs ADD CONSTRAINT a FOREIGN KEY(b) REFERENCES c (d)",
    ],
)
def test_what_stands_in_the_way_of_old_code_is_noticed(statement: str) -> None:
    assert why_not(statement)


def test_there_is_one_line_of_migrations() -> None:
    assert len(ScriptDirectory.from_config(migrations._alembic()).get_heads()) == 1
