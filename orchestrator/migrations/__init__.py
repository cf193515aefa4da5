"""The schema's history, and the one way to apply it."""

from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from orchestrator import database


def upgrade(revision: str = "head") -> None:
    """Brings the configured database to this version's tables; harmless when it is there."""
    with database.translated():
        command.upgrade(_alembic(), revision)


def is_current() -> bool:
    """True when the configured database has exactly this version's tables."""
    wanted = ScriptDirectory.from_config(_alembic()).get_current_head()
    with database.translated(), database.engine().connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == wanted


def _alembic() -> AlembicConfig:
    alembic = AlembicConfig()
    alembic.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    alembic.set_main_option("path_separator", "newline")
    return alembic
