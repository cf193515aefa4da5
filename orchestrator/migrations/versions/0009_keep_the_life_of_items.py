"""Keep the life of items: revisions of what changed alone, and when items were gone

Old code goes on to write whole revisions, which have no `added`.
"""

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_JOBS = "scraping_jobs"


def upgrade() -> None:
    op.add_column("item_revisions", sa.Column("added", postgresql.ARRAY(sa.Text()), nullable=True))
    op.add_column("item_revisions", _time("began_at"))
    op.add_column("scraped_items", _time("gone_at"))
    for name in ("items_gone", "items_back"):
        op.add_column(_JOBS, sa.Column(name, sa.BigInteger(), server_default="0", nullable=False))
    op.add_column(
        _JOBS, sa.Column("absences_due", sa.Boolean(), server_default="false", nullable=False)
    )
    op.add_column(_JOBS, _time("absences_found_at"))
    _make_absences()


def downgrade() -> None:
    op.drop_table("item_absences")
    for name in ("absences_found_at", "absences_due", "items_back", "items_gone"):
        op.drop_column(_JOBS, name)
    op.drop_column("scraped_items", "gone_at")
    # What is left of them would be read as whole.
    op.execute("DELETE FROM item_revisions WHERE added IS NOT NULL")
    op.drop_column("item_revisions", "began_at")
    op.drop_column("item_revisions", "added")


def _time(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def _make_absences() -> None:
    op.create_table(
        "item_absences",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("gone_job_id", sa.Uuid(), nullable=True),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("back_job_id", sa.Uuid(), nullable=True),
        _time("back_at"),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["scraped_items.id"],
            name=op.f("fk_item_absences_item_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["gone_job_id"],
            ["scraping_jobs.id"],
            name=op.f("fk_item_absences_gone_job_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["back_job_id"],
            ["scraping_jobs.id"],
            name=op.f("fk_item_absences_back_job_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_absences")),
    )
    op.create_index(
        "uq_item_absences_open",
        "item_absences",
        ["item_id"],
        unique=True,
        postgresql_where=sa.text("back_at IS NULL"),
    )
    op.create_index("ix_item_absences_item_id", "item_absences", ["item_id"])
    op.create_index("ix_item_absences_gone_job_id", "item_absences", ["gone_job_id"])
    for name in ("back_job_id", "back_at"):
        op.create_index(
            f"ix_item_absences_{name}",
            "item_absences",
            [name],
            postgresql_where=sa.text(f"{name} IS NOT NULL"),
        )
