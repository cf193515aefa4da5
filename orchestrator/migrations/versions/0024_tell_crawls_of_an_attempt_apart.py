"""Tell crawls of an attempt apart: the key of their table, made beside the old one"""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_NAME = "pk_crawls"


def upgrade() -> None:
    _replace_key("job_id", "attempt", "number")


def downgrade() -> None:
    op.execute("DELETE FROM crawls WHERE number > 0")
    _replace_key("job_id", "attempt")


def _replace_key(*columns: str) -> None:
    """The table is locked for the moment in which the names change hands."""
    new = f"{_NAME}_new"
    with op.get_context().autocommit_block():
        # One that an interrupted try left behind is there but not valid.
        op.drop_index(new, "crawls", if_exists=True, postgresql_concurrently=True)
        op.create_index(new, "crawls", columns, unique=True, postgresql_concurrently=True)
    op.execute(
        f"ALTER TABLE crawls DROP CONSTRAINT {_NAME},"
        f" ADD CONSTRAINT {_NAME} PRIMARY KEY USING INDEX {new}"
    )
