"""Tell people: channels, rules, an outbox of alerts and the log of their deliveries"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_KINDS = ("failed", "recovered", "late", "pages_given_up", "daily", "weekly")


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _at(name: str, *, nullable: bool = True, now: bool = False) -> sa.Column[object]:
    default = sa.text("now()") if now else None
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=default, nullable=nullable and not now
    )


def _of_channel(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["channel_id"],
        ["alert_channels.id"],
        name=op.f(f"fk_{table}_channel_id"),
        ondelete="CASCADE",
    )


def upgrade() -> None:
    op.create_table(
        "alert_channels",
        _id(),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), server_default="en", nullable=False),
        sa.Column("timezone", sa.Text(), server_default="UTC", nullable=False),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        _at("created_at", now=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_channels")),
        sa.UniqueConstraint("name", name=op.f("uq_alert_channels_name")),
    )
    op.create_table(
        "alert_rules",
        _id(),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("target_id", sa.BigInteger(), nullable=True),
        sa.Column("tag", sa.Text(), nullable=True),
        sa.Column("kinds", postgresql.ARRAY(sa.Text()), nullable=False),
        _at("created_at", now=True),
        sa.CheckConstraint("num_nonnulls(target_id, tag) <= 1", name=op.f("ck_alert_rules_scope")),
        _of_channel("alert_rules"),
        sa.ForeignKeyConstraint(
            ["target_id"],
            ["scraping_targets.id"],
            name=op.f("fk_alert_rules_target_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_rules")),
    )
    op.create_index("ix_alert_rules_channel_id", "alert_rules", ["channel_id"])
    op.create_index(
        "ix_alert_rules_target_id",
        "alert_rules",
        ["target_id"],
        postgresql_where=sa.text("target_id IS NOT NULL"),
    )
    op.create_table(
        "alert_deliveries",
        _id(),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("is_test", sa.Boolean(), server_default="false", nullable=False),
        _at("made_at", now=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        _at("next_try_at", now=True),
        _at("lease_until"),
        _at("delivered_at"),
        _at("gave_up_at"),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        _of_channel("alert_deliveries"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_deliveries")),
    )
    op.create_index(
        "uq_alert_deliveries_open",
        "alert_deliveries",
        ["channel_id"],
        unique=True,
        postgresql_where=sa.text("NOT is_test AND delivered_at IS NULL AND gave_up_at IS NULL"),
    )
    op.create_index("ix_alert_deliveries_channel_id", "alert_deliveries", ["channel_id"])
    op.create_index("ix_alert_deliveries_made_at", "alert_deliveries", ["made_at"])
    op.create_table(
        "alerts",
        _id(),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                *_KINDS, name="alertkind", native_enum=False, length=20, create_constraint=True
            ),
            nullable=False,
        ),
        sa.Column("details", postgresql.JSONB(), nullable=False),
        _at("happened_at", now=True),
        _at("due_at", nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=True),
        _of_channel("alerts"),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["alert_deliveries.id"],
            name=op.f("fk_alerts_delivery_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sa.UniqueConstraint("channel_id", "key", name=op.f("uq_alerts_channel_id_key")),
    )
    op.create_index("ix_alerts_channel_id_happened_at", "alerts", ["channel_id", "happened_at"])
    op.create_index("ix_alerts_delivery_id", "alerts", ["delivery_id"])
    op.create_index(
        "ix_alerts_due_at", "alerts", ["due_at"], postgresql_where=sa.text("delivery_id IS NULL")
    )


def downgrade() -> None:
    for table in ("alerts", "alert_deliveries", "alert_rules", "alert_channels"):
        op.drop_table(table)
