"""Bringing a saved database back: in one transaction, or not at all.

Frontiers are deleted within that transaction, when the tables are locked and the saved rows are not
there yet. So no crawl can record or acknowledge anything more by the rows before, and none can meet
a frontier that is later than the rows after: at no moment is there both.
"""

from datetime import datetime
from pathlib import Path

from orchestrator import database, frontiers, migrations, triggers
from orchestrator.backup import archives, script
from orchestrator.backup.programs import Programs
from orchestrator.exceptions import BackupFailed
from orchestrator.ledger import crawls, endings, ticks
from orchestrator.ledger.ends import End, Ending

#: Crawls wait meanwhile; who reads for longer is in the way.
_LOCK = """
SET lock_timeout = '30s';
LOCK TABLE {} IN ACCESS EXCLUSIVE MODE;
"""
#: Not by the schema, which may be somebody else's.
_EMPTY = """
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('DROP TABLE IF EXISTS public.%I CASCADE', name);
    END LOOP;
END $$;
"""
_RESTORED = End(
    Ending.HANDED_BACK,
    "frontier_lost",
    "The database was restored from a backup; the job begins again at its start pages.",
)


def restore(file: Path, *, replace: bool = False, force: bool = False) -> int:
    """Makes the database what the file holds, with this version's tables; how many jobs go on.

    Raises BackupFailed when it is not empty and not to be replaced, or when crawls are alive and
    nothing was forced; then, and whenever it fails, the database is as it was.
    """
    tools = Programs.chosen()
    archives.check(file, tools)
    there = database.tables()
    if there and not replace:
        raise BackupFailed(
            f"The database has {len(there)} tables: name an empty one by DATABASE_URL, or give "
            "--replace to lose what is in it."
        )
    if not force:
        _refuse_beside_crawls(there)
    frontiers.ping()
    began = _now()
    _put(file, tools, there)
    return _go_on(began)


def follow_up() -> int:
    """What a database needs that was just restored by other means; how many jobs go on.

    No worker may have begun with it yet. Raises BellAway, before anything is done.
    """
    frontiers.delete_all()
    return _go_on(_now())


def _go_on(began: datetime) -> int:
    """Brings the tables up and gives back the jobs of crawls that began before that moment."""
    # What was pooled knew the tables of before.
    database.engine().dispose()
    migrations.upgrade()
    with database.transaction() as session:
        ended = [
            endings.finish(
                session, row.job_id, row.attempt, _RESTORED, retry_seconds=0, number=row.number
            )
            for row in crawls.begun_before(session, began)
        ]
    going_on = [each for each in ended if each]
    for each in going_on:
        triggers.follow_up(each)
    return len({each.job_id for each in going_on})


def _now() -> datetime:
    with database.transaction() as session:
        return ticks.now(session)


def _refuse_beside_crawls(there: list[str]) -> None:
    if "crawls" not in there:
        return
    with database.transaction() as session:
        workers = crawls.living_workers(session)
    if workers:
        raise BackupFailed(
            f"Crawls are alive on {', '.join(workers)}: stop these workers first, or give --force "
            "to have their crawls end without their last items."
        )


def _put(file: Path, tools: Programs, there: list[str]) -> None:
    with script.transaction(tools) as psql, archives.statements(file, tools) as saved:
        if there:
            psql.say(_LOCK.format(", ".join(map(_quoted, there))))
        psql.reach("the tables are ours")
        frontiers.delete_all()
        psql.say(_EMPTY)
        archives.copy(saved, psql.into)
        # The planner knows nothing of new tables.
        psql.say("ANALYZE;")


def _quoted(table: str) -> str:
    name = table.replace('"', '""')
    return f'public."{name}"'
