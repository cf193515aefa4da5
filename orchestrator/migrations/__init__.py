"""The schema's history, and the one way to apply it.

It may be applied while everything runs: a try that cannot have its locks soon gives up, so that
nobody waits long behind it, and another follows.
"""

import logging
from pathlib import Path
from time import sleep

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError

from orchestrator import database
from orchestrator.exceptions import DatabaseAway
from orchestrator.migrations import locks

logger = logging.getLogger(__name__)

#: Between one try and the next; most crawls and reports are through with a table by then.
_PAUSES_SECONDS = (1, 2, 4, 8, 16)


def upgrade(revision: str = "head") -> None:
    """Brings the configured database to this version's tables; harmless when it is there.

    Raises DatabaseAway, with who is in the way when somebody is.
    """
    with database.translated():
        for pause in _PAUSES_SECONDS:
            if _try_to_upgrade(revision):
                return
            logger.warning("A table is in use: %s. Next try in %s s.", locks.holder(), pause)
            sleep(pause)
        if not _try_to_upgrade(revision):
            raise DatabaseAway(
                f"The database was busy in all of {len(_PAUSES_SECONDS) + 1} tries and nothing was "
                f"changed: {locks.holder()}. Run `kumo migrate` again when that has ended."
            )


def _try_to_upgrade(revision: str) -> bool:
    """False when somebody else's lock was in the way; then nothing has changed."""
    try:
        command.upgrade(_alembic(), revision)
    except locks.Refused:
        return False
    except DBAPIError as error:
        if getattr(error.orig, "pgcode", None) not in locks.REFUSED_STATES:
            raise
        return False
    return True


def is_current() -> bool:
    """True when the configured database has exactly this version's tables."""
    wanted = ScriptDirectory.from_config(_alembic()).get_current_head()
    with database.translated(), database.engine().connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == wanted


def knows(revision: str) -> bool:
    """True of tables that this version can bring up to its own."""
    return any(
        each.revision == revision
        for each in ScriptDirectory.from_config(_alembic()).walk_revisions()
    )


def _alembic() -> AlembicConfig:
    alembic = AlembicConfig()
    alembic.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    alembic.set_main_option("path_separator", "newline")
    return alembic
