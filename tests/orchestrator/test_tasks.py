"""The tasks' own share: what they answer. That they crawl is shown in tests/acceptance."""

from uuid import uuid4

import pytest

from orchestrator import tasks
from orchestrator.exceptions import TargetNotFound
from orchestrator.ledger.models import JobStatus
from tests.orchestrator.ledger import given, scraped


@pytest.fixture
def target_id(database: str, bells: str) -> int:
    return given.a_target()


def test_a_bell_for_a_job_that_was_taken_already_does_nothing(target_id: int) -> None:
    job_id = given.brought_to(JobStatus.RUNNING, target_id)
    answer = tasks.scrape_target.apply(args=(target_id, str(job_id)), throw=True).get()
    assert answer == {"id": str(job_id), "status": "not claimed"}
    assert given.job(job_id).attempt == 1


def test_a_message_for_a_busy_target_leaves_a_row_that_says_so(target_id: int) -> None:
    active = given.a_job(target_id)
    task_id = str(uuid4())
    answer = tasks.scrape_target.apply(args=("shop",), task_id=task_id, throw=True).get()
    assert (answer["id"], answer["status"]) == (task_id, "skipped")
    assert "another job of this target is active" in answer["why"]
    assert given.job(active).status is JobStatus.PENDING


def test_a_message_for_an_unknown_target_names_it(target_id: int) -> None:
    with pytest.raises(TargetNotFound, match="There is no target 'nowhere'"):
        tasks.scrape_target.apply(args=("nowhere",), throw=True)
    assert given.count("scraping_jobs") == 0


def test_all_active_targets_are_answered_for(target_id: int) -> None:
    busy = given.a_target("busy")
    job_id = given.a_job(busy)
    given.a_target("resting", active=False)
    answer = tasks.scrape_all_active_targets()
    assert len(answer["started"]) == 1
    assert answer["not_started"] == {str(busy): f"job {job_id} of this target is pending already"}


def test_a_list_of_targets_may_name_them_by_id_or_name(target_id: int) -> None:
    other = given.a_target("other")
    answer = tasks.batch_scrape_targets([target_id, "other", "other", "nowhere", 10**9])
    assert len(answer["started"]) == 2
    started = given.execute("SELECT target_id FROM scraping_jobs ORDER BY target_id")
    assert started == [(target_id,), (other,)]
    assert answer["not_started"].keys() == {"nowhere", str(10**9)}


def test_the_nightly_crawl_is_requested_once_a_night_of_those_without_a_schedule(
    target_id: int,
) -> None:
    given.a_target("of-its-own", schedule="0 5 * * *")
    assert len(tasks.scrape_all_active_targets(nightly=True)["started"]) == 1
    again = tasks.scrape_all_active_targets(nightly=True)
    assert again["started"] == []
    assert given.execute("SELECT target_id, trigger FROM scraping_jobs") == [(target_id, "beat")]


def test_what_crawls_have_stored_is_learned_by_search(target_id: int) -> None:
    scraped.by_a_job(target_id, [{"url": "1"}, {"url": "2"}])
    assert tasks.index_items() == {"learned": 2}
    assert tasks.index_items() == {"learned": 0}
