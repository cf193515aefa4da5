"""Whether the database has what this version reads.

It asks for the columns and not for the migration's number: while a migration is under way, old and
new code are both ready as long as each finds its own columns.
"""

from sqlalchemy import false, select
from sqlalchemy.orm import Session

from orchestrator.ledger.models import Table


def check(session: Session) -> None:
    """Raises DatabaseNotMigrated when a table or a column is missing, through the transaction."""
    for table in Table.metadata.sorted_tables:
        session.execute(select(table).where(false()))
