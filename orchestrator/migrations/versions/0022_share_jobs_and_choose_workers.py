"""Share jobs and choose workers: how many crawlers serve a target's job, and whose they are"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_TABLE = "scraping_targets"
_CRAWLERS, _WORKER_TAG = "ck_scraping_targets_crawlers", "ck_scraping_targets_worker_tag"


def upgrade() -> None:
    op.add_column(
        _TABLE, sa.Column("crawlers", sa.SmallInteger(), server_default="1", nullable=False)
    )
    op.add_column(_TABLE, sa.Column("worker_tag", sa.Text(), nullable=True))
    op.create_check_constraint(op.f(_CRAWLERS), _TABLE, "crawlers BETWEEN 1 AND 64")
    op.create_check_constraint(
        op.f(_WORKER_TAG), _TABLE, "worker_tag ~ '^[a-z0-9][a-z0-9_-]{0,39}$'"
    )


def downgrade() -> None:
    op.drop_constraint(op.f(_WORKER_TAG), _TABLE, type_="check")
    op.drop_constraint(op.f(_CRAWLERS), _TABLE, type_="check")
    op.drop_column(_TABLE, "worker_tag")
    op.drop_column(_TABLE, "crawlers")
