"""What runs now and what comes next."""

import pytest

from orchestrator.ledger import outlook
from orchestrator.ledger.models import JobStatus
from tests.orchestrator.ledger import given


def test_what_runs_is_shown_with_its_speed_and_counted_in_full(target_id: int) -> None:
    first = given.brought_to(JobStatus.RUNNING, target_id)
    given.brought_to(JobStatus.RUNNING, given.a_target("second"))
    given.a_job(given.a_target("pending"))
    given.execute(
        "UPDATE scraping_jobs SET started_at = now() - interval '10 s', queued_at = now()"
        " WHERE id = :id",
        id=first,
    )
    given.execute(
        "INSERT INTO job_progress (job_id, began_at, pages) VALUES (:id, now(), 50)", id=first
    )
    found, in_all = given.do(outlook.running, most=1)
    assert ([each.job.id for each in found], in_all) == ([first], 2)
    assert found[0].speed == pytest.approx(5, rel=0.1)
    assert found[0].expected_end is None


def test_targets_of_one_occasion_are_told_together(target_id: int) -> None:
    for name in ("a", "b", "c", "d"):
        given.a_target(name)
    given.a_target("hourly", schedule="0 * * * *")
    given.a_target("off", schedule="1 * * * *", active=False)
    given.execute(
        "UPDATE scraping_targets SET next_run_at = now() + interval '2 h' WHERE name <> 'hourly'"
    )
    given.execute(
        "UPDATE scraping_targets SET next_run_at = now() + interval '1 h' WHERE name = 'hourly'"
    )
    soon, later = given.do(outlook.coming)
    assert ([name for _, name in soon.targets], soon.count) == (["hourly"], 1)
    assert ([name for _, name in later.targets], later.count) == (["a", "b", "c"], 5)
    assert len(given.do(outlook.coming, most=1)) == 1


def test_slots_are_told_by_the_worker_that_has_them(target_id: int) -> None:
    job_id = given.brought_to(JobStatus.RUNNING, target_id)
    given.brought_to(JobStatus.COMPLETED, given.a_target("done"))
    ((worker, (slot,)),) = given.do(outlook.taken_slots).items()
    assert (worker, slot.job_id, slot.target_name) == ("w@here", job_id, "shop")


def test_an_installation_is_new_until_it_has_targets_and_jobs(database: str) -> None:
    assert not given.do(outlook.has_targets)
    target_id = given.a_target()
    assert given.do(outlook.has_targets)
    assert not given.do(outlook.has_jobs)
    given.a_job(target_id)
    assert given.do(outlook.has_jobs)
