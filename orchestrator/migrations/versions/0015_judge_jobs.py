"""Judge jobs: what is expected of a target, what was found of each job, and what became of it"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_JOBS, _TARGETS = "scraping_jobs", "scraping_targets"
#: Words of a job, each with its check; the next migration holds them against older rows.
_WORDS = (
    ("verdict", ("good", "suspicious", "bad")),
    ("publication", ("held", "accepted", "discarded")),
)
_KINDS = ("failed", "recovered", "late", "pages_given_up", "changes", "daily", "weekly")
_AND_SUSPICIOUS = ("failed", "suspicious", *_KINDS[1:])


def upgrade() -> None:
    op.add_column(
        _TARGETS,
        sa.Column("expectations", postgresql.JSONB(), server_default="{}", nullable=False),
    )
    op.add_column(
        _TARGETS, sa.Column("publish_anyway", sa.Boolean(), server_default="false", nullable=False)
    )
    for name, words in _WORDS:
        op.add_column(_JOBS, sa.Column(name, sa.String(20), nullable=True))
        # Not yet valid: a look at every job would hold up crawls.
        op.create_check_constraint(
            op.f(f"ck_{_JOBS}_{name}"), _JOBS, _in(name, words), postgresql_not_valid=True
        )
    _make_judgements()
    _let_alerts_be(_AND_SUSPICIOUS)


def downgrade() -> None:
    op.execute("DELETE FROM alerts WHERE kind = 'suspicious'")
    _let_alerts_be(_KINDS)
    op.drop_table("job_judgements")
    for name, _ in _WORDS:
        op.drop_constraint(op.f(f"ck_{_JOBS}_{name}"), _JOBS, type_="check")
        op.drop_column(_JOBS, name)
    op.drop_column(_TARGETS, "publish_anyway")
    op.drop_column(_TARGETS, "expectations")


def _in(name: str, words: tuple[str, ...]) -> str:
    return f"{name} IN ({', '.join(repr(word) for word in words)})"


def _let_alerts_be(kinds: tuple[str, ...]) -> None:
    name = op.f("ck_alerts_alertkind")
    op.drop_constraint(name, "alerts", type_="check")
    op.create_check_constraint(name, "alerts", _in("kind", kinds))


def _make_judgements() -> None:
    op.create_table(
        "job_judgements",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.BigInteger(), nullable=False),
        sa.Column("profile", postgresql.JSONB(), nullable=False),
        sa.Column("findings", postgresql.JSONB(), nullable=False),
        sa.Column(
            "compared_with", postgresql.ARRAY(sa.Uuid()), server_default="{}", nullable=False
        ),
        sa.Column(
            "judged_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["scraping_jobs.id"],
            name=op.f("fk_job_judgements_job_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["target_id"],
            ["scraping_targets.id"],
            name=op.f("fk_job_judgements_target_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_job_judgements")),
    )
    op.create_index(
        "ix_job_judgements_target_newest",
        "job_judgements",
        ["target_id", sa.text("judged_at DESC")],
    )
