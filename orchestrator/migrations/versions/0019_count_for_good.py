"""Count for good: jobs that ended, and how long checkpoints and trips took"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

#: What has ended before is counted once, by a look at all jobs.
_SO_FAR = """
INSERT INTO tallies (amounts)
SELECT jsonb_build_object(
    'jobs/' || status || '/' || coalesce(verdict, 'none'), count(*),
    'pages', sum(pages), 'pages_given_up', sum(pages_given_up), 'errors', sum(errors),
    'bytes_received', sum(bytes_received), 'items_scraped', sum(items_scraped),
    'items_new', sum(items_new), 'items_changed', sum(items_changed),
    'items_gone', sum(items_gone), 'items_back', sum(items_back),
    'items_rejected', sum(items_rejected))
FROM scraping_jobs
WHERE status IN ('completed', 'failed', 'cancelled', 'skipped')
GROUP BY status, verdict
"""


def upgrade() -> None:
    op.create_table(
        "tallies",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("amounts", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tallies")),
    )
    op.execute(_SO_FAR)
    # Last: from here on crawls wait until this is committed.
    op.add_column("crawls", sa.Column("tally", JSONB(), server_default="{}", nullable=False))


def downgrade() -> None:
    op.drop_column("crawls", "tally")
    op.drop_table("tallies")
