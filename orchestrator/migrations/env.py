"""Alembic's entry: connects through `orchestrator.database` and migrates in one transaction.

An advisory lock makes two migrations at once wait for each other, and a short lock timeout keeps a
migration from holding up running crawls: it gives up and is simply started again.
"""

from alembic import context
from sqlalchemy import text

from orchestrator import database
from orchestrator.ledger.models import Table

_ONE_AT_A_TIME = 0x6B756D6F

with database.engine().connect() as connection:
    context.configure(connection=connection, target_metadata=Table.metadata)
    with context.begin_transaction():
        connection.execute(text("SET LOCAL lock_timeout = '3s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
        context.run_migrations()
    connection.commit()
