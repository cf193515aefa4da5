"""Follow changes: sets of them, saved filters, what people have seen, and feeds"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_KINDS = ("failed", "recovered", "late", "pages_given_up", "daily", "weekly")

#: What jobs of before changed. Without foreign keys yet, which would lock each of their rows.
_EARLIER = """
INSERT INTO change_sets (job_id, target_id, at, found, changed, gone, back)
SELECT id, target_id, greatest(completed_at, absences_found_at),
       items_new, items_changed, items_gone, items_back
FROM scraping_jobs
WHERE status IN ('completed', 'failed', 'cancelled') AND completed_at IS NOT NULL
  AND NOT absences_due AND items_new + items_changed + items_gone + items_back > 0
"""
#: Checked in the next migration, beside those who write.
_REFERS = """
ALTER TABLE change_sets ADD CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} (id)
ON DELETE CASCADE NOT VALID
"""


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _now(name: str) -> sa.Column[object]:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def _of(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete="CASCADE")


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)


def upgrade() -> None:
    _make_sets()
    op.create_table(
        "saved_filters",
        _id(),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("conditions", postgresql.JSONB(), nullable=False),
        _now("created_at"),
        _of("saved_filters", "owner_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filters")),
    )
    _index("uq_saved_filters_shared", "saved_filters", ["name"], where="owner_id IS NULL")
    _index(
        "uq_saved_filters_own", "saved_filters", ["owner_id", "name"], where="owner_id IS NOT NULL"
    )
    op.create_table(
        "change_marks",
        _id(),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("target_id", sa.BigInteger(), nullable=True),
        sa.Column("seen_until", sa.DateTime(timezone=True), nullable=False),
        _of("change_marks", "user_id", "users"),
        _of("change_marks", "target_id", "scraping_targets"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_marks")),
    )
    _index("uq_change_marks_all", "change_marks", ["user_id"], where="target_id IS NULL")
    _index(
        "uq_change_marks_target",
        "change_marks",
        ["target_id", "user_id"],
        where="target_id IS NOT NULL",
    )
    op.create_index("ix_change_marks_user_id", "change_marks", ["user_id"])
    _make_feeds()
    _let_rules_name_filters()


def _make_sets() -> None:
    op.create_table(
        "change_sets",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.BigInteger(), nullable=False),
        _now("at"),
        *(_number(kind) for kind in ("found", "changed", "gone", "back")),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_change_sets")),
    )
    op.execute(_EARLIER)
    newest = [sa.text("at DESC"), sa.text("job_id DESC")]
    op.create_index("ix_change_sets_newest", "change_sets", newest)
    op.create_index("ix_change_sets_target_newest", "change_sets", ["target_id", *newest])
    for column, table in (("job_id", "scraping_jobs"), ("target_id", "scraping_targets")):
        op.execute(_REFERS.format(f"fk_change_sets_{column}", column, table))


def _make_feeds() -> None:
    op.create_table(
        "change_feeds",
        _id(),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("filter_id", sa.BigInteger(), nullable=True),
        sa.Column("target_id", sa.BigInteger(), nullable=True),
        sa.Column("language", sa.Text(), server_default="en", nullable=False),
        _now("made_at"),
        sa.CheckConstraint(
            "num_nonnulls(target_id, filter_id) <= 1", name=op.f("ck_change_feeds_scope")
        ),
        _of("change_feeds", "user_id", "users"),
        _of("change_feeds", "filter_id", "saved_filters"),
        _of("change_feeds", "target_id", "scraping_targets"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_feeds")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_change_feeds_token_hash")),
    )
    op.create_index("ix_change_feeds_user_id", "change_feeds", ["user_id"])
    for column in ("filter_id", "target_id"):
        where = sa.text(f"{column} IS NOT NULL")
        op.create_index(
            f"ix_change_feeds_{column}", "change_feeds", [column], postgresql_where=where
        )


def _let_rules_name_filters() -> None:
    op.add_column("alert_rules", sa.Column("filter_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_alert_rules_filter_id"), "alert_rules", "saved_filters", ["filter_id"], ["id"]
    )
    op.create_index(
        "ix_alert_rules_filter_id",
        "alert_rules",
        ["filter_id"],
        postgresql_where=sa.text("filter_id IS NOT NULL"),
    )
    op.create_check_constraint(
        op.f("ck_alert_rules_filter"),
        "alert_rules",
        "('changes' = ANY (kinds)) = (filter_id IS NOT NULL)",
    )
    _allow_kinds(*_KINDS[:4], "changes", *_KINDS[4:])


def _allow_kinds(*kinds: str) -> None:
    op.drop_constraint(op.f("ck_alerts_alertkind"), "alerts", type_="check")
    allowed = ", ".join(f"'{kind}'" for kind in kinds)
    op.create_check_constraint(op.f("ck_alerts_alertkind"), "alerts", f"kind IN ({allowed})")


def _index(name: str, table: str, columns: list[str], *, where: str) -> None:
    op.create_index(name, table, columns, unique=True, postgresql_where=sa.text(where))


def downgrade() -> None:
    op.execute("DELETE FROM alerts WHERE kind = 'changes'")
    _allow_kinds(*_KINDS)
    op.execute("DELETE FROM alert_rules WHERE filter_id IS NOT NULL")
    op.drop_constraint(op.f("ck_alert_rules_filter"), "alert_rules", type_="check")
    op.drop_column("alert_rules", "filter_id")
    for table in ("change_feeds", "change_marks", "saved_filters", "change_sets"):
        op.drop_table(table)
