"""Find what is new since a day, and what a person did of a kind: indexes on large tables"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

#: Name, table and columns.
_INDEXES = (
    (
        "ix_scraped_items_target_first_seen",
        "scraped_items",
        "target_id, first_seen_at DESC, id DESC",
    ),
    ("ix_audit_log_who_action", "audit_log", "who, action, id"),
)
#: Who does what is no chance: without this the planner expects that everybody does everything, and
#: walks the whole list to find that somebody never did.
_STATISTICS = "st_audit_log_who_action"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, table, columns in _INDEXES:
            # One that an interrupted try left behind is there but not valid.
            op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)
            op.create_index(name, table, [sa.text(columns)], postgresql_concurrently=True)
    op.execute(f"CREATE STATISTICS IF NOT EXISTS {_STATISTICS} (mcv) ON who, action FROM audit_log")
    op.execute("ANALYZE audit_log")


def downgrade() -> None:
    op.execute(f"DROP STATISTICS {_STATISTICS}")
    with op.get_context().autocommit_block():
        for name, table, _ in _INDEXES:
            op.drop_index(name, table, postgresql_concurrently=True)
