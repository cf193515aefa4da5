"""Find what changed last: indexes on tables that may be large, built while crawls write to them"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

#: Name, table and columns.
_INDEXES = (
    ("ix_scraped_items_target_changed", "scraped_items", "target_id, changed_at DESC, id DESC"),
    ("ix_audit_log_who", "audit_log", "who, id"),
    ("ix_audit_log_action", "audit_log", "action, id"),
)


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, table, columns in _INDEXES:
            # One that an interrupted try left behind is there but not valid.
            op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)
            op.create_index(name, table, [sa.text(columns)], postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name, table, _ in _INDEXES:
            op.drop_index(name, table, postgresql_concurrently=True)
