"""Alembic's entry: connects through `orchestrator.database` and migrates in one transaction.

Two migrations at once wait for each other, and a short time for all locks keeps a migration from
holding up running crawls: it gives up and is simply started again. A migration that builds an index
while others write leaves the transaction for that.
"""

from alembic import context

from orchestrator import database
from orchestrator.ledger.models import Table
from orchestrator.migrations import locks, roles

with locks.alone(), database.engine().connect() as connection:
    try:
        context.configure(connection=connection, target_metadata=Table.metadata)
        locks.wait_briefly(connection)
        with context.begin_transaction():
            context.run_migrations()
            roles.grant(connection)
        connection.commit()
    finally:
        # Its time for locks would be the next user's.
        connection.invalidate()
