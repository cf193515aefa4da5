import uuid

import pytest

from orchestrator import database
from orchestrator.ledger import absences, cleanup, jobs, tallies
from orchestrator.ledger.checkpoints import Batch, CheckpointWriter
from orchestrator.ledger.cleanup import Retention
from orchestrator.ledger.models import JobStatus, Trigger
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")


def totals() -> dict[str, float]:
    return given.do(tallies.totals)


def checkpointed(job_id: uuid.UUID, **tally: float) -> None:
    """A running job of three pages, one of them with an error."""
    claim = given.claim(job_id)
    assert claim
    writer = CheckpointWriter(claim, lease_seconds=60)
    writer.commit(Batch(pages=2, tally={"checkpoint/0.01": 1, **tally}))
    writer.commit(Batch(pages=1, errors=1, tally={"checkpoint/0.01": 2, **tally}))
    # The last lines of a crawl are written without a tally, which must not undo it.
    writer.commit(Batch())
    writer.close()


def test_what_a_job_does_counts_at_once_and_when_it_has_ended_as_well(target_id: int) -> None:
    job_id = given.a_job(target_id)
    assert totals()["active/pending"] == 1
    checkpointed(job_id)
    before = totals()
    given.finish(job_id, given.COMPLETED)
    after = totals()
    assert (before["active/running"], before["pages"], before["errors"]) == (1, 3, 1)
    assert (after["jobs/completed/good"], after["pages"], after["errors"]) == (1, 3, 1)
    assert not any(name.startswith("active/") for name in after)


def test_how_long_checkpoints_took_is_counted_once_and_outlives_the_crawl(target_id: int) -> None:
    job_id = given.a_job(target_id)
    checkpointed(job_id, **{"frontier/sum": 0.25})
    assert totals()["checkpoint/0.01"] == 2
    given.execute("UPDATE crawls SET lease_until = now() - interval '1 s'")
    given.finish(job_id, given.DIED)
    given.finish(job_id, given.DIED)
    assert (totals()["checkpoint/0.01"], totals()["frontier/sum"]) == (2, 0.25)


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (JobStatus.COMPLETED, "jobs/completed/good"),
        (JobStatus.FAILED, "jobs/failed/none"),
        (JobStatus.CANCELLED, "jobs/cancelled/none"),
    ],
)
def test_each_end_is_counted_once(target_id: int, status: JobStatus, name: str) -> None:
    job_id = given.brought_to(status, target_id)
    given.finish(job_id, given.COMPLETED)
    assert {name: n for name, n in totals().items() if name.startswith("jobs/")} == {name: 1}


def test_a_running_job_that_is_cancelled_counts_when_its_crawl_has_ended(target_id: int) -> None:
    job_id = given.brought_to(JobStatus.RUNNING, target_id)
    given.do(jobs.cancel, job_id)
    assert "jobs/cancelled/none" not in totals()
    given.finish(job_id, given.HANDED_BACK)
    assert totals()["jobs/cancelled/none"] == 1


def test_an_attempt_that_ends_is_no_end_of_its_job(target_id: int) -> None:
    given.finish(given.brought_to(JobStatus.RUNNING, target_id), given.HANDED_BACK)
    assert totals()["active/pending"] == 1
    assert not any(name.startswith("jobs/") for name in totals())


def test_a_request_that_was_skipped_counts(target_id: int) -> None:
    given.a_job(target_id)
    given.answer(target_id, job_id=uuid.uuid4(), trigger=Trigger.CELERY)
    assert totals()["jobs/skipped/none"] == 1


def test_what_is_gone_is_counted_as_it_is_found(target_id: int) -> None:
    job_id = given.brought_to(JobStatus.COMPLETED, target_id)
    given.execute(
        "INSERT INTO scraped_items (target_id, key, data, content_hash)"
        " VALUES (:target, 'a', '{}', '')",
        target=target_id,
    )
    given.execute("UPDATE scraping_jobs SET absences_due = true WHERE id = :id", id=job_id)
    assert absences.settle(target_id) == 1
    assert totals()[tallies.GONE] == 1


def test_folding_and_clean_up_change_no_total(target_id: int) -> None:
    for _ in range(102):
        given.do(tallies.add, {"pages": 2, "checkpoint/sum": 0.125})
    job_id = given.brought_to(JobStatus.COMPLETED, target_id)
    before = totals()
    given.do(tallies.fold)
    assert given.count("tallies") == 1
    given.execute("UPDATE scraping_jobs SET completed_at = now() - interval '9 days'")
    assert cleanup.old_data(Retention.of(7))["jobs"] == 1
    assert given.count("scraping_jobs", "id = :id", id=job_id) == 0
    assert totals() == before
    assert before["pages"] == 204


def test_few_rows_are_left_as_they_are(target_id: int) -> None:
    given.do(tallies.add, {"pages": 2})
    given.do(tallies.add, {"pages": 2})
    given.do(tallies.fold)
    assert given.count("tallies") == 2


def test_two_who_fold_at_once_lose_nothing() -> None:
    with database.transaction() as session:
        for _ in range(300):
            tallies.add(session, {"pages": 1})
    given.overtaken(tallies.fold, tallies.fold)
    assert totals() == {"pages": 300}
