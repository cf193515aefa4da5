"""Set aside what is held: the changes of a job that is not believed, apart from the items"""

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "held_jobs",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.BigInteger(), nullable=False),
        sa.Column("tells_absences", sa.Boolean(), nullable=False),
        *(_count(name) for name in ("items_new", "items_changed", "items_back", "items_missing")),
        sa.Column(
            "moved_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        _time("unlearned_since"),
        _time("decided_at"),
        sa.Column("decided_by", sa.Text(), nullable=True),
        _job("held_jobs"),
        sa.ForeignKeyConstraint(
            ["target_id"],
            ["scraping_targets.id"],
            name=op.f("fk_held_jobs_target_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_held_jobs")),
    )
    op.create_index("ix_held_jobs_moved", "held_jobs", ["target_id", "moved_at"])
    op.create_index(
        "ix_held_jobs_unlearned",
        "held_jobs",
        ["job_id"],
        postgresql_where=sa.text("unlearned_since IS NOT NULL"),
    )
    op.create_table(
        "held_items",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        *(_time(name, nullable=False) for name in ("first_seen_at", "last_seen_at")),
        sa.Column("earlier", postgresql.JSONB(), nullable=True),
        sa.Column("added", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("earlier_hash", sa.LargeBinary(), nullable=True),
        *(_time(name) for name in ("began_at", "gone_at", "back_at")),
        _job("held_items"),
        sa.CheckConstraint(
            "kind IN ('new', 'changed', 'back')", name=op.f("ck_held_items_heldkind")
        ),
        sa.PrimaryKeyConstraint("job_id", "item_id", name=op.f("pk_held_items")),
    )
    op.create_index("ix_held_items_kind", "held_items", ["job_id", "kind", "item_id"])


def downgrade() -> None:
    op.drop_table("held_items")
    op.drop_table("held_jobs")


def _job(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["job_id"], ["scraping_jobs.id"], name=op.f(f"fk_{table}_job_id"), ondelete="CASCADE"
    )


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)


def _time(name: str, *, nullable: bool = True) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
