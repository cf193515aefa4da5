"""Draft targets from websites: what the builder looked at, proposed and shows"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_NOW = sa.text("now()")
_JSON = postgresql.JSONB(astext_type=sa.Text())


def _words(name: str, *members: str) -> sa.Enum:
    return sa.Enum(*members, name=name, native_enum=False, create_constraint=True, length=20)


def upgrade() -> None:
    status = _words("draftstatus", "looking", "ready", "failed")
    further = _words("furtherpages", "none", "asked", "fetching", "tried")
    op.create_table(
        "target_drafts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("target_id", sa.BigInteger(), nullable=True),
        sa.Column("status", status, server_default="looking", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proposals", _JSON, server_default="[]", nullable=False),
        sa.Column("start_urls", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("spider", sa.Text(), nullable=True),
        sa.Column("arguments", _JSON, server_default="{}", nullable=False),
        sa.Column("key_fields", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("revision", sa.Integer(), server_default="0", nullable=False),
        sa.Column("previewed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("preview_fault", sa.Text(), nullable=True),
        sa.Column("further", further, server_default="none", nullable=False),
        sa.ForeignKeyConstraint(
            ["target_id"],
            ["scraping_targets.id"],
            name=op.f("fk_target_drafts_target_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target_drafts")),
    )
    op.create_index("ix_target_drafts_target_id", "target_drafts", ["target_id"])
    op.create_index("ix_target_drafts_made_at", "target_drafts", ["made_at"])
    op.create_table(
        "draft_pages",
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("headers", _JSON, server_default="{}", nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("preview", _JSON, nullable=True),
        sa.ForeignKeyConstraint(
            ["draft_id"],
            ["target_drafts.id"],
            name=op.f("fk_draft_pages_draft_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("draft_id", "place", name=op.f("pk_draft_pages")),
    )


def downgrade() -> None:
    op.drop_table("draft_pages")
    op.drop_table("target_drafts")
