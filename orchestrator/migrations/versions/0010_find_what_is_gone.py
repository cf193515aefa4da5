"""Find what is gone: indexes on tables that may be large, built while crawls write to them"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

#: Name, table, columns and which rows.
_INDEXES = (
    (
        "ix_scraped_items_unseen",
        "scraped_items",
        "target_id, id",
        "last_job_id IS NULL AND gone_at IS NULL",
    ),
    (
        "ix_scraped_items_gone",
        "scraped_items",
        "target_id, changed_at DESC, id DESC",
        "gone_at IS NOT NULL",
    ),
    (
        "ix_scraping_jobs_absences_due",
        "scraping_jobs",
        "target_id, completed_at",
        "absences_due",
    ),
    (
        "ix_scraping_jobs_absences_found",
        "scraping_jobs",
        "target_id, completed_at",
        "absences_found_at IS NOT NULL",
    ),
)


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, table, columns, rows in _INDEXES:
            # One that an interrupted try left behind is there but not valid.
            op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)
            op.create_index(
                name,
                table,
                [sa.text(columns)],
                postgresql_where=sa.text(rows),
                postgresql_concurrently=True,
            )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name, table, _, _ in _INDEXES:
            op.drop_index(name, table, postgresql_concurrently=True)
