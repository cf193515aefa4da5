"""A database saved to a file and brought back, or left as it was."""

import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from alembic import command
from sqlalchemy import URL, make_url

from orchestrator import backup, frontiers, migrations
from orchestrator import database as storage
from orchestrator.backup import programs
from orchestrator.backup.programs import Programs
from orchestrator.exceptions import BackupFailed, BellAway
from orchestrator.ledger.models import JobStatus
from tests import databases
from tests.brokers import connected_to
from tests.orchestrator.ledger import given, outdated, scraped
from tests.pair import Pair
from tests.scenes import storing_in

pytestmark = pytest.mark.usefixtures("database", "redis_url")


@pytest.fixture
def elsewhere(pair: Pair) -> Iterator[URL]:
    """An empty database."""
    with databases.scratch(pair) as url:
        yield url


@pytest.fixture
def running(target_id: int) -> UUID:
    """A job under way, beside one that has ended; with rows in many tables."""
    ended = scraped.by_a_job(target_id, [{"url": "a"}, {"url": "b", "price": "1 €"}])
    scraped.by_a_job(target_id, [{"url": "b", "price": "2 €"}, {"url": "c\\\t\n'\u3042"}])
    outdated.log(ended, 20)
    outdated.reject(ended, 2)
    outdated.cache(target_id, 3)
    given.a_person("hanako")
    job_id = given.a_job(given.a_target("other"))
    assert given.claim(job_id)
    return job_id


@pytest.fixture
def target_id() -> int:
    return given.a_target()


def all_rows() -> dict[str, list[Any]]:
    return {
        table: given.execute(f'SELECT t::text FROM "{table}" t ORDER BY 1')
        for table in storage.tables()
    }


def expire_leases() -> None:
    given.execute("UPDATE crawls SET lease_until = now() - interval '1 minute'")


def test_every_row_of_every_table_comes_back_and_what_ran_goes_on(
    running: UUID, elsewhere: URL, tmp_path: Path, redis_url: str
) -> None:
    before = all_rows()
    backup.save(tmp_path / "kumo.dump")
    with frontiers._redis() as redis:
        redis.hset(frontiers.keys(str(running))[0], "attempt", 1)
    with storing_in(elsewhere):
        assert backup.restore(tmp_path / "kumo.dump") == 1
        after = all_rows()
        job = given.job(running)
        given.a_target("another")
    changed = {table for table in before if before[table] != after[table]}
    assert after.keys() == before.keys()
    assert changed == {"scraping_jobs", "crawls"}
    assert sum(map(len, before.values())) > 40
    assert (job.status, job.attempt, job.failures) == (JobStatus.PENDING, 1, 0)
    assert frontiers.owners() == []
    assert all_rows() == before


def test_only_its_owner_may_read_the_file_and_nothing_is_left_beside_it(
    running: UUID, tmp_path: Path
) -> None:
    file = tmp_path / "kumo.dump"
    file.write_text("an older one")
    file.chmod(0o644)
    assert backup.save(file) == file.stat().st_size > 10_000
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_the_password_is_no_argument(database: str) -> None:
    options, environment = programs.connected()
    password = make_url(database).password
    assert password
    assert environment["PGPASSWORD"] == password
    assert password not in " ".join(options)


def test_a_backup_that_fails_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "kumo.dump"
    file.write_text("an older one")
    with storage.transaction() as session:
        session.connection().exec_driver_sql("LOCK TABLE scraping_jobs IN ACCESS EXCLUSIVE MODE")
        monkeypatch.setattr(backup.saving, "_LOCK_MILLISECONDS", 100)
        with pytest.raises(BackupFailed, match="timeout"):
            backup.save(file)
    assert file.read_text() == "an older one"
    assert list(tmp_path.iterdir()) == [file]


def test_two_backups_do_not_write_one_file(tmp_path: Path) -> None:
    with (
        backup.saving._part_of(tmp_path / "kumo.dump"),
        pytest.raises(BackupFailed, match="Another backup is being written"),
    ):
        backup.save(tmp_path / "kumo.dump")
    backup.save(tmp_path / "kumo.dump")


def test_of_a_folder_of_backups_the_newest_are_kept(tmp_path: Path) -> None:
    for day in ("01", "02", "03"):
        (tmp_path / f"kumo-202601{day}T000000Z.dump").touch()
    (tmp_path / "kumo-precious.dump").touch()
    file = backup.save_into(tmp_path, keep=2)
    kept = {each.name for each in tmp_path.iterdir()}
    assert kept == {"kumo-precious.dump", "kumo-20260103T000000Z.dump", file.name}


def test_a_database_with_tables_is_only_replaced_when_that_is_said(
    running: UUID, tmp_path: Path
) -> None:
    backup.save(tmp_path / "kumo.dump")
    given.a_target("newer")
    with pytest.raises(BackupFailed, match="give --replace"):
        backup.restore(tmp_path / "kumo.dump")
    with pytest.raises(BackupFailed, match=r"alive on w@here: stop these workers first"):
        backup.restore(tmp_path / "kumo.dump", replace=True)
    assert given.count("scraping_targets", "name = 'newer'") == 1
    backup.restore(tmp_path / "kumo.dump", replace=True, force=True)
    assert given.count("scraping_targets", "name = 'newer'") == 0
    assert given.job(running).status is JobStatus.PENDING


def test_a_restore_that_fails_leaves_the_database_as_it_was(running: UUID, tmp_path: Path) -> None:
    whole, part = tmp_path / "kumo.dump", tmp_path / "part.dump"
    backup.save(whole)
    part.write_bytes(whole.read_bytes()[:-2_000])
    given.a_target("newer")
    before = all_rows()
    with pytest.raises(BackupFailed, match=r"part\.dump cannot be read to its end"):
        backup.restore(part, replace=True, force=True)
    assert all_rows() == before


def test_what_is_no_backup_of_kumo_is_refused(elsewhere: URL, tmp_path: Path) -> None:
    (file := tmp_path / "notes.txt").write_text("buy tea")
    with pytest.raises(BackupFailed, match="valid archive"):
        backup.restore(file)
    with storing_in(elsewhere):
        backup.save(tmp_path / "empty.dump")
        with pytest.raises(BackupFailed, match="holds no database of Kumo"):
            backup.restore(tmp_path / "empty.dump")
    with pytest.raises(BackupFailed, match="There is no file"):
        backup.restore(tmp_path / "nowhere.dump")


def test_the_tables_of_an_older_version_are_brought_up_and_a_newer_ones_refused(
    pair: Pair, elsewhere: URL, tmp_path: Path
) -> None:
    with storing_in(elsewhere):
        migrations.upgrade("0019")
        backup.save(tmp_path / "older.dump")
        command.stamp(migrations._alembic(), None, purge=True)
        given.execute("INSERT INTO alembic_version VALUES ('9999')")
        backup.save(tmp_path / "newer.dump")
    with databases.scratch(pair) as url, storing_in(url):
        backup.restore(tmp_path / "older.dump")
        assert migrations.is_current()
        with pytest.raises(BackupFailed, match=r"by a newer Kumo \(its tables are 9999\)"):
            backup.restore(tmp_path / "newer.dump", replace=True)


def test_without_redis_nothing_is_restored(running: UUID, elsewhere: URL, tmp_path: Path) -> None:
    backup.save(tmp_path / "kumo.dump")
    with storing_in(elsewhere), connected_to("redis://127.0.0.1:9/0"):
        with pytest.raises(BellAway):
            backup.restore(tmp_path / "kumo.dump")
        assert storage.tables() == []


def test_programs_older_than_the_server_are_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in programs._NAMES:
        (tmp_path / name).write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.24'\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    chosen = Programs.chosen()
    assert chosen.folder != tmp_path
    assert chosen.major >= storage.server_major()


def test_the_file_is_one_that_pg_restore_reads(tmp_path: Path) -> None:
    backup.save(tmp_path / "kumo.dump")
    tools = Programs.chosen()
    listed = subprocess.run(
        [tools.folder / "pg_restore", "--list", tmp_path / "kumo.dump"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "TABLE DATA public scraped_items" in listed
