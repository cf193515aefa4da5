"""Each number must be able to rise: a sound job is spoilt in one way, and that number tells."""

import uuid

import pytest

from orchestrator.chaos import verdict
from orchestrator.chaos.verdict import MUST_BE_ZERO, Verdict
from orchestrator.ledger import jobs
from orchestrator.ledger.checkpoints import Batch, CheckpointWriter
from orchestrator.ledger.items import StorableItem, storable
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")

KEYS = frozenset({"KM-1", "KM-2", "KM-3"})


@pytest.fixture
def job_id(database: str) -> uuid.UUID:
    """A job that completed with exactly the items there are."""
    target_id = given.a_target("storm-1")
    job_id = given.a_job(target_id)
    claim = given.claim(job_id)
    assert claim
    writer = CheckpointWriter(claim, lease_seconds=60)
    writer.commit(Batch(items=[item(key) for key in KEYS], pages=4))
    writer.close()
    given.finish(job_id, given.COMPLETED)
    return job_id


def item(key: str) -> StorableItem:
    made = storable({"sku": key}, ["sku"])
    assert isinstance(made, StorableItem)
    return made


def judged(*job_ids: uuid.UUID) -> Verdict:
    return verdict.judge(job_ids, KEYS)


def risen(found: Verdict) -> dict[str, int]:
    return {name: value for name in MUST_BE_ZERO if (value := getattr(found, name))}


def spoil(statement: str, **parameters: object) -> None:
    assert given.execute(statement, **parameters)


def test_a_sound_job_is_clean(job_id: uuid.UUID) -> None:
    found = judged(job_id)
    assert found.is_clean
    assert (found.jobs, found.attempts, found.faults) == (1, 1, [])


def test_a_lost_item_is_missing_and_the_success_false(job_id: uuid.UUID) -> None:
    spoil("DELETE FROM scraped_items WHERE key = 'KM-2'")
    found = judged(job_id)
    assert risen(found) == {"missing": 1, "wrong_counts": 1, "false_successes": 1}
    assert not found.is_clean
    assert "1 items missing, such as KM-2" in found.faults[0]


def test_an_item_that_the_site_has_not_is_a_duplicate(job_id: uuid.UUID) -> None:
    spoil(
        "INSERT INTO scraped_items (target_id, key, data, content_hash, first_job_id, last_job_id)"
        " SELECT target_id, 'KM-9', data, content_hash, first_job_id, last_job_id"
        " FROM scraped_items WHERE key = 'KM-2'"
    )
    assert risen(judged(job_id)) == {"duplicates": 1, "wrong_counts": 1}


def test_an_item_that_was_stored_with_other_content_is_a_duplicate(job_id: uuid.UUID) -> None:
    spoil(
        "INSERT INTO item_revisions (item_id, job_id, data, content_hash)"
        " SELECT id, last_job_id, data, content_hash FROM scraped_items WHERE key = 'KM-2'"
    )
    assert risen(judged(job_id)) == {"duplicates": 1, "wrong_counts": 1}


def test_items_that_were_counted_again_are_duplicates(job_id: uuid.UUID) -> None:
    spoil("UPDATE scraping_jobs SET items_scraped = items_scraped + 2")
    assert risen(judged(job_id)) == {"duplicates": 2, "wrong_counts": 1}


@pytest.mark.parametrize("count", ["items_new", "items_changed", "items_rejected"])
def test_a_count_that_is_not_its_rows_is_wrong(job_id: uuid.UUID, count: str) -> None:
    spoil(f"UPDATE scraping_jobs SET {count} = {count} + 1")
    assert risen(judged(job_id)) == {"wrong_counts": 1}


@pytest.mark.parametrize("status", ["pending", "running", "paused"])
def test_a_job_that_has_not_ended_is_stuck(job_id: uuid.UUID, status: str) -> None:
    spoil("UPDATE scraping_jobs SET status = :status, completed_at = NULL", status=status)
    assert risen(judged(job_id)) == {"stuck": 1}


def test_a_job_that_was_answered_and_is_not_there_is_stuck() -> None:
    found = judged(uuid.uuid4())
    assert risen(found) == {"stuck": 1, "missing": 3}
    assert "there is no such job" in found.faults[0]


@pytest.mark.parametrize("status", ["failed", "cancelled", "skipped"])
def test_a_job_that_ended_otherwise_has_failed(job_id: uuid.UUID, status: str) -> None:
    spoil("UPDATE scraping_jobs SET status = :status, error_message = 'why'", status=status)
    found = judged(job_id)
    assert risen(found) == {"failed": 1}
    assert "why" in found.faults[0]


def test_attempts_that_overlap_are_a_job_run_twice(job_id: uuid.UUID) -> None:
    spoil(
        "INSERT INTO crawls (job_id, attempt, worker, lease_until, started_at, ended_at)"
        " SELECT job_id, 2, worker, lease_until, ended_at - interval '1 us', now() FROM crawls"
    )
    assert risen(judged(job_id)) == {"run_twice": 1}


def test_attempts_after_each_other_are_no_fault() -> None:
    target_id = given.a_target("storm-1")
    job_id = given.a_job(target_id)
    for attempt in (1, 2):
        assert given.claim(job_id)
        given.finish(job_id, given.HANDED_BACK, attempt=attempt)
    given.do(jobs.cancel, job_id)
    assert judged(job_id).run_twice == 0


def test_two_living_crawlers_are_a_job_run_twice(job_id: uuid.UUID) -> None:
    found = verdict.judge([job_id], KEYS, seen_twice={job_id})
    assert risen(found) == {"run_twice": 1}


def test_a_second_job_of_the_target_is_one_run_twice(job_id: uuid.UUID) -> None:
    spoil(
        "INSERT INTO scraping_jobs (target_id, status, trigger, definition)"
        " SELECT target_id, 'cancelled', trigger, definition FROM scraping_jobs"
    )
    assert risen(judged(job_id)) == {"run_twice": 1}
