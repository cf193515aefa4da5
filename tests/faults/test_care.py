"""F29 and F30: clean-up and migrations while crawls run hold nobody up and take nothing away."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import Popen
from threading import Event
from time import monotonic
from uuid import UUID

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text

from orchestrator import database as storage
from orchestrator import migrations, triggers
from orchestrator.celery import app
from orchestrator.exceptions import DatabaseAway
from orchestrator.ledger.models import JobStatus
from tests import awaiting, shops
from tests.faults import crawls
from tests.faults.people import Person, at_a_dashboard
from tests.orchestrator.ledger import given
from tests.pair import END_WITH_US
from tests.shops import OpenShop
from tests.workers import ROOT, Worker, working

MOST_ROWS = 1_000
#: What a statement may wait for a lock, and what it takes to notice.
LOCK_SECONDS, NOTICE_SECONDS = 3, 0.6
#: After this the table is free although nobody has given up.
PATIENCE_SECONDS = 15

#: Counts the rows that each statement of a clean-up touches, whoever's foreign key made it.
WITNESS = """
CREATE TABLE touched (name text, rows bigint);
CREATE FUNCTION count_them() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO touched SELECT tg_table_name, count(*) FROM before;
    RETURN NULL;
END $$;
"""
WITNESS_OF = """
CREATE TRIGGER deleted AFTER DELETE ON {0} REFERENCING OLD TABLE AS before
FOR EACH STATEMENT EXECUTE FUNCTION count_them();
CREATE TRIGGER changed AFTER UPDATE ON {0} REFERENCING OLD TABLE AS before
FOR EACH STATEMENT EXECUTE FUNCTION count_them();
"""
WATCHED = ("job_log_lines", "rejected_items", "scraped_items", "scraping_jobs", "crawls")

OLD = "now() - interval '60 days'"
AN_OLD_JOB = f"""
INSERT INTO scraping_jobs (id, target_id, status, trigger, priority, definition, completed_at)
SELECT gen_random_uuid(), :target, 'completed', 'beat', 5, '{{}}', {OLD}
RETURNING id
"""
ITS_LOG = """
INSERT INTO job_log_lines (job_id, attempt, seq, level, logged_at, logger, message)
SELECT :job, 1, n, 20, now(), 'test', 'line' FROM generate_series(1, 2500) AS n
"""
ITS_ITEMS = f"""
INSERT INTO scraped_items
    (target_id, key, data, content_hash, first_job_id, last_job_id, last_seen_at)
SELECT :target, n::text, '{{}}', 'x', :job, :job, {OLD} FROM generate_series(1, :items) AS n
"""

#: A later version's migration: it alters the tables that every checkpoint writes to.
LATER = '''
"""Add a column to the tables that crawls are writing to."""

from alembic import op
from sqlalchemy import Column, Integer

revision, down_revision = "later", "{head}"


def upgrade():
    op.add_column("scraping_jobs", Column("later", Integer))
    op.add_column("scraped_items", Column("later", Integer))
'''
#: `kumo migrate` of that later version.
MIGRATE = """
import sys
from orchestrator import migrations
from orchestrator.cli import kumo

own = migrations._alembic


def with_later():
    alembic = own()
    alembic.set_main_option("version_locations", "\\n".join(sys.argv[1:]))
    return alembic


migrations._alembic = with_later
kumo(["migrate"])
"""
LONGEST_WAIT = "SELECT max(clock_timestamp() - waitstart) FROM pg_locks WHERE NOT granted"


@pytest.fixture(scope="module")
def worker(database: str, redis_url: str) -> Iterator[Worker]:
    with working("--concurrency=2") as worker:
        yield worker


@pytest.fixture(scope="module")
def person(worker: Worker) -> Iterator[Person]:
    with at_a_dashboard() as person:
        yield person


@pytest.fixture(scope="module")
def long_shop() -> Iterator[OpenShop]:
    """A crawl of it takes as long as a migration tries."""
    with shops.opened(600, delay=0.08) as shop:
        yield shop


# Clean-up


@pytest.fixture
def witness(worker: Worker) -> None:
    given.execute(WITNESS + "".join(WITNESS_OF.format(table) for table in WATCHED))


def _an_old_job(target_id: int, *, items: int) -> UUID:
    ((job_id,),) = given.execute(AN_OLD_JOB, target=target_id)
    given.execute(ITS_LOG, job=job_id)
    given.execute(ITS_ITEMS, target=target_id, job=job_id, items=items)
    return UUID(str(job_id))


@pytest.mark.fault("F29", off=("clean_up_in_batches", "clean_up_spares_the_busy"))
def test_clean_ups_during_crawls_touch_nothing_active_and_few_rows_at_once(
    worker: Worker, witness: None, slow_shop: OpenShop
) -> None:
    old = _an_old_job(given.a_target("idle", schedule=crawls.ONCE_A_YEAR), items=2_500)
    busy = given.a_target("busy", schedule=crawls.ONCE_A_YEAR)
    _an_old_job(busy, items=50)
    paused = given.brought_to(JobStatus.PAUSED, busy)
    given.execute(f"UPDATE scraping_jobs SET queued_at = {OLD} WHERE id = :id", id=paused)
    given.execute(ITS_LOG, job=paused)
    crawling = crawls.under_way(slow_shop)
    target_id = given.job(crawling).target_id
    clean_up = app.send_task("orchestrator.tasks.cleanup_old_data", args=[30])
    awaiting.until(clean_up.ready, "the end of a clean-up")
    assert clean_up.successful(), clean_up.result
    assert given.job(crawling).status is JobStatus.RUNNING
    assert not given.count("scraping_jobs", "id = :id", id=old)
    assert given.count("scraped_items", "target_id = :id", id=busy) == 50
    assert given.job(paused).status is JobStatus.PAUSED
    assert given.count("job_log_lines", "job_id = :id", id=paused) == 2_500
    ((rows, statements),) = given.execute("SELECT max(rows), count(*) FROM touched")
    assert statements > 10
    assert rows <= MOST_ROWS
    crawls.assert_whole(awaiting.ended(crawling), slow_shop)
    assert given.count("scraped_items", "target_id = :id", id=target_id)
    triggers.cancel(paused)


# Migrations


@pytest.fixture
def later(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Where the migrations of a later version are."""
    folder = tmp_path_factory.mktemp("versions")
    script = ScriptDirectory.from_config(migrations._alembic())
    (folder / "later.py").write_text(LATER.format(head=script.get_current_head()))
    return [script.versions, str(folder)]


@pytest.mark.fault("F30", off=("brief_lock_waits", "migration_tried_again"))
def test_a_migration_waits_for_a_busy_table_without_holding_anybody_up(
    worker: Worker, person: Person, long_shop: OpenShop, later: list[str], tmp_path: Path
) -> None:
    job_id = crawls.under_way(long_shop)
    command = [*END_WITH_US, sys.executable, "-c", MIGRATE, *later]
    longest_wait, over = 0.0, Event()

    def look() -> list[float]:
        """How long each answer of the dashboard took meanwhile."""
        answers = []
        while not over.is_set():
            assert person.get(f"/jobs/{job_id}").ok
            answers.append(person.waited)
        return answers

    with (
        ThreadPoolExecutor(1) as pool,
        storage.engine().connect() as report,
        (log := tmp_path / "log").open("w") as file,
        Popen(command, cwd=ROOT, stdout=file, stderr=file) as migration,
    ):
        # Somebody reads the items until a migration has given up for now.
        report.execute(text("SELECT count(*) FROM scraped_items"))
        looking, began = pool.submit(look), monotonic()
        try:
            while migration.poll() is None:
                if "Next try" in log.read_text() or monotonic() - began > PATIENCE_SECONDS:
                    report.rollback()
                ((waited,),) = given.execute(LONGEST_WAIT)
                longest_wait = max(longest_wait, waited.total_seconds() if waited else 0)
        finally:
            over.set()
    assert migration.returncode == 0, log.read_text()
    assert "holds scraped_items. Next try in 1 s." in log.read_text()
    assert LOCK_SECONDS - 1 < longest_wait < LOCK_SECONDS + NOTICE_SECONDS
    assert max(looking.result()) < LOCK_SECONDS + 2
    assert given.count("scraping_jobs", "later IS NULL AND id = :id", id=job_id) == 1
    crawls.assert_whole(awaiting.ended(job_id), long_shop)
    assert crawls.outcomes(job_id) == ["finished"]


@pytest.mark.fault("F30", off="holder_named")
def test_a_migration_that_gives_up_says_who_is_in_the_way(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "_PAUSES_SECONDS", (0.1,))
    given.execute("UPDATE alembic_version SET version_num = version_num")
    with storage.engine().connect() as holder:
        (pid,) = holder.execute(text("SELECT pg_backend_pid()")).one()
        holder.execute(text("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(DatabaseAway, match=rf"session {pid} \(kumo\).* holds alembic_version"):
            migrations.upgrade()
