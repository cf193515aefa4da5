"""Find judged jobs: indexes on a table that may be large, built while crawls write to it"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_TABLE = "scraping_jobs"
#: Name, columns, which rows, and whether there is one for each.
_INDEXES = (
    ("uq_scraping_jobs_held", "target_id", "publication = 'held'", True),
    (
        "ix_scraping_jobs_verdict_newest",
        "verdict, queued_at DESC, id DESC",
        "verdict IS NOT NULL",
        False,
    ),
)


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name in ("verdict", "publication"):
            op.execute(f"ALTER TABLE {_TABLE} VALIDATE CONSTRAINT ck_{_TABLE}_{name}")
        for name, columns, rows, unique in _INDEXES:
            # One that an interrupted try left behind is there but not valid.
            op.drop_index(name, _TABLE, if_exists=True, postgresql_concurrently=True)
            op.create_index(
                name,
                _TABLE,
                [sa.text(columns)],
                unique=unique,
                postgresql_where=sa.text(rows),
                postgresql_concurrently=True,
            )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name, *_ in _INDEXES:
            op.drop_index(name, _TABLE, postgresql_concurrently=True)
