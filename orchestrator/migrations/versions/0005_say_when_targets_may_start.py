"""Say when targets may start: what an occasion does to a busy target, its window, its spread"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TABLE = "scraping_targets"
_OVERLAP, _SPREAD = "ck_scraping_targets_overlap", "ck_scraping_targets_spread_seconds"


def upgrade() -> None:
    op.add_column(
        _TABLE, sa.Column("overlap", sa.String(20), server_default="skip", nullable=False)
    )
    op.add_column(_TABLE, sa.Column("crawl_window", sa.Text(), nullable=True))
    op.add_column(_TABLE, sa.Column("spread_seconds", sa.Integer(), nullable=True))
    op.create_check_constraint(op.f(_OVERLAP), _TABLE, "overlap IN ('skip', 'queue')")
    op.create_check_constraint(op.f(_SPREAD), _TABLE, "spread_seconds BETWEEN 0 AND 86400")


def downgrade() -> None:
    op.drop_constraint(op.f(_SPREAD), _TABLE, type_="check")
    op.drop_constraint(op.f(_OVERLAP), _TABLE, type_="check")
    op.drop_column(_TABLE, "spread_seconds")
    op.drop_column(_TABLE, "crawl_window")
    op.drop_column(_TABLE, "overlap")
