"""Let crawls share an attempt: their numbers, and what becomes of the job when one of them ends"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Who knows nothing of numbers makes each crawl the first and only one of its attempt.
    op.add_column("crawls", sa.Column("number", sa.Integer(), server_default="0", nullable=False))
    op.add_column("crawls", sa.Column("places", sa.SmallInteger()))
    op.add_column("crawls", sa.Column("stats", postgresql.JSONB(astext_type=sa.Text())))
    op.add_column("scraping_jobs", sa.Column("closing", sa.Text()))


def downgrade() -> None:
    op.drop_column("scraping_jobs", "closing")
    op.drop_column("crawls", "stats")
    op.drop_column("crawls", "places")
    op.drop_column("crawls", "number")
