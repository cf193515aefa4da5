"""Give sites budgets: how many requests a second and at once all crawls together may make"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sites",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("requests_per_second", sa.Float(), nullable=True),
        sa.Column("in_flight", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("requests_per_second >= 0", name=op.f("ck_sites_rate")),
        sa.CheckConstraint("in_flight >= 0", name=op.f("ck_sites_in_flight")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sites")),
    )


def downgrade() -> None:
    op.drop_table("sites")
