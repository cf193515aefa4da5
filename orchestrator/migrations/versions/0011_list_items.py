"""List items in an order that no index has"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "item_listings",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("target_id", sa.BigInteger(), nullable=False),
        sa.Column("view_key", sa.LargeBinary(), nullable=False),
        sa.Column("view", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("items", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["target_id"],
            ["scraping_targets.id"],
            name=op.f("fk_item_listings_target_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_listings")),
        sa.UniqueConstraint(
            "target_id", "view_key", name=op.f("uq_item_listings_target_id_view_key")
        ),
    )
    op.create_index("ix_item_listings_asked_at", "item_listings", ["asked_at"])
    op.create_table(
        "item_listing_parts",
        sa.Column("listing_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["item_listings.id"],
            name=op.f("fk_item_listing_parts_listing_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("listing_id", "number", name=op.f("pk_item_listing_parts")),
    )


def downgrade() -> None:
    op.drop_table("item_listing_parts")
    op.drop_table("item_listings")
