"""Read changes in order: indexes of large tables that go on with the id, built while crawls write"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

#: Table, the job's column, and which rows. Each takes the place of one without the id.
_INDEXES = (
    ("scraped_items", "first_job_id", None),
    ("item_revisions", "job_id", None),
    ("item_absences", "gone_job_id", None),
    ("item_absences", "back_job_id", "back_job_id IS NOT NULL"),
)


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for column in ("job_id", "target_id"):
            op.execute(f"ALTER TABLE change_sets VALIDATE CONSTRAINT fk_change_sets_{column}")
        for table, column, rows in _INDEXES:
            _build(f"ix_{table}_{column}_id", table, [column, "id"], rows)
            _drop(f"ix_{table}_{column}", table)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for table, column, rows in _INDEXES:
            _build(f"ix_{table}_{column}", table, [column], rows)
            _drop(f"ix_{table}_{column}_id", table)


def _build(name: str, table: str, columns: list[str], rows: str | None) -> None:
    # One that an interrupted try left behind is there but not valid.
    _drop(name, table)
    op.create_index(
        name,
        table,
        columns,
        postgresql_where=sa.text(rows) if rows else None,
        postgresql_concurrently=True,
    )


def _drop(name: str, table: str) -> None:
    op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)
