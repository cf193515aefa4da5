import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from orchestrator import database as storage
from orchestrator import migrations
from orchestrator.exceptions import DatabaseAway
from orchestrator.ledger.models import Table

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.usefixtures("database")


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


def test_there_is_one_line_of_migrations() -> None:
    assert len(ScriptDirectory.from_config(migrations._alembic()).get_heads()) == 1
