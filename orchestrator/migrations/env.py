"""Alembic's entry: connects through `orchestrator.database` and migrates in one transaction.

An advisory lock makes two migrations at once wait for each other, and a short time for all locks
keeps a migration from holding up running crawls: it gives up and is simply started again.
"""

from alembic import context
from sqlalchemy import text

from orchestrator import database
from orchestrator.ledger.models import Table
from orchestrator.migrations import locks

_ONE_AT_A_TIME = 0x6B756D6F

with database.engine().connect() as connection:
    context.configure(connection=connection, target_metadata=Table.metadata)
    with context.begin_transaction():
        connection.execute(text(f"SET LOCAL lock_timeout = '{locks.WAIT_SECONDS}s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
        locks.wait_briefly(connection)
        context.run_migrations()
    connection.commit()
