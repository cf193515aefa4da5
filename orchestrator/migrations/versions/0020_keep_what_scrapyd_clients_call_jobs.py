"""Keep what clients of Scrapyd call the jobs they requested"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_NOW = sa.text("now()")


def upgrade() -> None:
    op.create_table(
        "scrapyd_jobs",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("jobid", sa.Text(), nullable=False),
        sa.Column("spider", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["scraping_jobs.id"],
            name=op.f("fk_scrapyd_jobs_job_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_scrapyd_jobs")),
        sa.UniqueConstraint("jobid", name=op.f("uq_scrapyd_jobs_jobid")),
    )
    op.create_index(
        "ix_scrapyd_jobs_spider_newest",
        "scrapyd_jobs",
        ["spider", sa.text("requested_at DESC"), sa.text("job_id")],
    )


def downgrade() -> None:
    op.drop_table("scrapyd_jobs")
