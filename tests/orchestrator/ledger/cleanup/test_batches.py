"""A batch holds nobody up for longer than it takes, and gives way to whoever was there first."""

import re
from typing import Any

import pytest
from sqlalchemy import event, text

from orchestrator import database
from orchestrator.ledger import cleanup
from orchestrator.ledger.checkpoints import Batch, CheckpointWriter
from orchestrator.ledger.cleanup import Retention
from tests.orchestrator.ledger import given, scraped
from tests.orchestrator.ledger.outdated import items, log, miss, old_job, revise

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has to wait for a lock is told so at once; clean-up says itself how long it waits."""
    monkeypatch.setenv("PGOPTIONS", "-c lock_timeout=50ms")


def test_a_crawl_commits_while_each_batch_has_its_locks(nobody_waits: None, target_id: int) -> None:
    claim = given.claim(given.a_job(given.a_target("busy")))
    assert claim
    log(old := old_job(target_id), 2_500)
    items(target_id, 1_500, first=old, last=old, days=40)
    revise(old, days=40)
    miss(old, days=40)
    writer, beside = CheckpointWriter(claim, lease_seconds=60), []

    def commit(*arguments: Any) -> None:
        if table := re.search(r"(?:DELETE FROM|UPDATE) (?!OF )(\w+)", arguments[2]):
            writer.commit(Batch(items=[scraped.stored({"url": f"u{len(beside)}"})]))
            beside.append(table[1])

    event.listen(database.engine(), "after_cursor_execute", commit)
    removed = cleanup.old_data(Retention.of(30))
    event.remove(database.engine(), "after_cursor_execute", commit)
    writer.close()
    assert (removed["log_lines"], removed["items"], removed["jobs"]) == (2_500, 1_500, 1)
    assert beside.count("job_log_lines") == 3
    assert {"scraped_items", "item_revisions", "item_absences", "scraping_jobs"} <= set(beside)
    assert given.count("scraped_items") == len(beside)


def test_a_batch_that_has_to_wait_gives_way_and_the_others_go_on(target_id: int) -> None:
    log(old_job(target_id), 2_500)
    items(target_id, 3, days=40)
    with database.engine().connect() as report:
        report.execute(text("LOCK TABLE job_log_lines IN SHARE MODE"))
        removed = cleanup.old_data(Retention.of(30))
    assert (removed["log_lines"], removed["items"], removed["jobs"]) == (0, 3, 0)
    assert cleanup.old_data(Retention.of(30))["log_lines"] == 2_500


def test_a_batch_that_takes_long_gives_way(target_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    log(old_job(target_id), 3)
    given.execute(
        "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " PERFORM pg_sleep(30); RETURN OLD; END $$"
    )
    given.execute(
        "CREATE TRIGGER dawdle BEFORE DELETE ON job_log_lines"
        " FOR EACH ROW EXECUTE FUNCTION dawdle()"
    )
    monkeypatch.setattr(cleanup.batches, "_BATCH_MILLISECONDS", 100)
    assert cleanup.old_data(Retention.of(30))["log_lines"] == 0
