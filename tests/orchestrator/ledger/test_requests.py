import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from orchestrator import database
from orchestrator.exceptions import TargetNotFound
from orchestrator.ledger import jobs, requests, targets
from orchestrator.ledger.models import ACTIVE, JobStatus, Trigger
from orchestrator.ledger.requests import Answer, Terms
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")

MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)


def many(target_ids: list[int], **terms: Any) -> list[Answer]:
    terms = {"trigger": Trigger.BEAT} | terms
    return given.do(requests.request_many, target_ids, Terms(**terms))


def asking(target_id: int, terms: Terms, job_id: uuid.UUID | None = None) -> Any:
    return lambda session: requests.request(session, target_id, terms, job_id=job_id)


@contextmanager
def once(when: str, what: Callable[[], object]) -> Iterator[None]:
    """Does something in a transaction of its own, before or after the first INSERT of a job."""
    left = [what]

    def listener(*arguments: Any) -> None:
        if "INSERT INTO scraping_jobs" in arguments[2] and left:
            left.pop()()

    event.listen(database.engine(), f"{when}_cursor_execute", listener)
    yield
    event.remove(database.engine(), f"{when}_cursor_execute", listener)
    assert not left


def test_a_request_makes_a_pending_job_that_carries_its_definition() -> None:
    fields = {
        "spider": "books",
        "start_urls": ["https://example.com/a"],
        "arguments": {"page": 3, "deep": {"list": [1, None]}},
        "settings": {"DOWNLOAD_DELAY": 0.5},
        "key_fields": ["isbn"],
        "priority": 2,
        "max_attempts": 7,
        "render": False,
        "crawlers": 4,
        "worker_tag": "eu",
    }
    answer = given.answer(given.a_target("books", **fields), trigger=Trigger.API)
    assert answer.started
    assert answer.why_not is None
    job = given.job(answer.job_id)
    assert (job.status, job.trigger, job.attempt) == (JobStatus.PENDING, Trigger.API, 0)
    assert job.definition == {k: v for k, v in fields.items() if k != "priority"} | {
        "target": "books"
    }
    assert job.priority == answer.priority == 2


def test_what_a_target_does_not_ask_of_its_workers_is_not_carried(target_id: int) -> None:
    carried = given.job(given.a_job(target_id)).definition
    assert carried.keys().isdisjoint({"crawlers", "worker_tag"})


def test_who_has_a_crawl_watched_has_it_in_one_process_of_any_worker() -> None:
    tagged = given.a_target("tagged", crawlers=4, worker_tag="eu")
    carried = given.job(given.a_job(tagged, one_attempt=True)).definition
    assert carried.keys().isdisjoint({"crawlers", "worker_tag"})


def test_a_job_keeps_the_tag_that_its_target_had_when_it_was_requested() -> None:
    target_id = given.a_target(worker_tag="eu", crawlers=2)
    job_id = given.a_job(target_id)
    with database.transaction() as session:
        target = targets.find(session, target_id)
        targets.change(session, target, {"worker_tag": None, "crawlers": 1})
    carried = given.job(job_id).definition
    assert (carried["worker_tag"], carried["crawlers"]) == ("eu", 2)


def test_a_request_may_be_more_urgent_than_its_target(target_id: int) -> None:
    assert given.answer(target_id, priority=0).priority == 0


def test_a_request_keeps_the_id_it_was_given(target_id: int) -> None:
    job_id = uuid.uuid4()
    assert given.answer(target_id, job_id=job_id).job_id == job_id


@pytest.mark.parametrize("status", ACTIVE)
def test_a_request_while_a_job_is_active_is_told_its_id(status: JobStatus, target_id: int) -> None:
    active = given.brought_to(status, target_id)
    answer = given.answer(target_id)
    assert (answer.started, answer.job_id, answer.status) == (False, active, status)
    assert answer.why_not == f"job {active} of this target is {status} already"
    assert given.count("scraping_jobs") == 1


def test_a_target_may_be_crawled_again_when_its_job_has_ended(target_id: int) -> None:
    old = given.brought_to(JobStatus.COMPLETED, target_id)
    answer = given.answer(target_id)
    assert answer.started
    assert answer.job_id != old


def test_fifty_requests_at_once_give_one_job_and_forty_nine_are_told_its_id(target_id: int) -> None:
    answers = given.at_once(50, lambda _: given.answer(target_id))
    assert sum(answer.started for answer in answers) == 1
    assert len({answer.job_id for answer in answers}) == 1
    assert given.count("scraping_jobs") == 1


def test_the_same_id_asked_for_twice_is_the_same_job(target_id: int) -> None:
    job_id = uuid.uuid4()
    first, second = (given.answer(target_id, job_id=job_id) for _ in range(2))
    assert (first.started, second.started) == (True, False)
    assert first.job_id == second.job_id == job_id
    assert given.count("scraping_jobs") == 1


def test_the_same_id_asked_for_at_once_is_the_same_job(target_id: int) -> None:
    job_id = uuid.uuid4()
    answers = given.at_once(8, lambda _: given.answer(target_id, job_id=job_id))
    assert sum(answer.started for answer in answers) == 1
    assert {answer.job_id for answer in answers} == {job_id}


def test_the_same_id_after_the_job_has_ended_starts_nothing(target_id: int) -> None:
    job_id = uuid.uuid4()
    given.answer(target_id, job_id=job_id)
    given.do(jobs.cancel, job_id)
    answer = given.answer(target_id, job_id=job_id)
    assert (answer.started, answer.status) == (False, JobStatus.CANCELLED)


def test_an_id_of_its_own_leaves_a_skipped_row_that_names_the_active_job(target_id: int) -> None:
    active, mine = given.a_job(target_id), uuid.uuid4()
    answer = given.answer(target_id, job_id=mine, trigger=Trigger.CELERY)
    assert (answer.started, answer.job_id, answer.status) == (False, mine, JobStatus.SKIPPED)
    assert str(mine) in (answer.why_not or "")
    row = given.job(mine)
    assert row.finish_reason == "target_busy"
    assert str(active) in (row.error_message or "")
    assert row.completed_at is not None


def test_a_skipped_id_asked_for_at_once_leaves_one_row(target_id: int) -> None:
    given.a_job(target_id)
    mine = uuid.uuid4()
    answers = given.at_once(8, lambda _: given.answer(target_id, job_id=mine))
    assert {(answer.job_id, answer.status) for answer in answers} == {(mine, JobStatus.SKIPPED)}
    assert given.count("scraping_jobs") == 2


def test_one_occasion_gives_one_job_even_after_it_has_ended(target_id: int) -> None:
    first = given.answer(target_id, due_at=MIDNIGHT)
    given.do(jobs.cancel, first.job_id)
    second = given.answer(target_id, due_at=MIDNIGHT)
    assert (second.started, second.job_id) == (False, first.job_id)
    assert given.count("scraping_jobs") == 1


def test_one_occasion_asked_for_at_once_gives_one_job(target_id: int) -> None:
    answers = given.at_once(8, lambda _: many([target_id], due_at=MIDNIGHT)[0])
    assert sum(answer.started for answer in answers) == 1
    assert given.count("scraping_jobs") == 1


def test_an_occasion_that_found_the_target_busy_leaves_one_skipped_row(target_id: int) -> None:
    active = given.a_job(target_id)
    for _ in range(2):
        (answer,) = many([target_id], due_at=MIDNIGHT)
        assert answer.status is JobStatus.SKIPPED
    (row,) = given.execute("SELECT error_message FROM scraping_jobs WHERE status = 'skipped'")
    assert str(active) in row.error_message


def test_the_next_occasion_gives_another_job(target_id: int) -> None:
    first = given.answer(target_id, due_at=MIDNIGHT)
    given.do(jobs.cancel, first.job_id)
    assert given.answer(target_id, due_at=MIDNIGHT + timedelta(days=1)).started


def test_a_request_while_the_active_job_is_ending_waits_and_starts(target_id: int) -> None:
    old = given.a_job(target_id)
    _, answer = given.overtaken(
        lambda session: jobs.cancel(session, old), asking(target_id, Terms(Trigger.CLI))
    )
    assert isinstance(answer, Answer)
    assert answer.started


def test_a_request_whose_obstacle_ends_before_it_looks_asks_again(target_id: int) -> None:
    old = given.a_job(target_id)
    with once("after", lambda: given.do(jobs.cancel, old)):
        answer = given.answer(target_id)
    assert answer.started


def test_many_requests_whose_obstacle_ends_before_they_look_ask_again(target_id: int) -> None:
    old, other = given.a_job(target_id), given.a_target("other")
    with once("after", lambda: given.do(jobs.cancel, old)):
        answers = many([target_id, other], due_at=MIDNIGHT)
    assert {answer.target_id for answer in answers if answer.started} == {target_id, other}


def test_an_unknown_target_is_not_found() -> None:
    with pytest.raises(TargetNotFound, match="no target 12345"):
        given.answer(12345)


def test_a_deleted_target_is_not_found(target_id: int) -> None:
    given.do(lambda session: targets.delete(session, targets.find(session, target_id)))
    with pytest.raises(TargetNotFound):
        given.answer(target_id)


def test_a_deleted_target_is_not_found_while_its_last_crawl_ends(target_id: int) -> None:
    given.brought_to(JobStatus.RUNNING, target_id)
    given.do(lambda session: targets.delete(session, targets.find(session, target_id)))
    with pytest.raises(TargetNotFound):
        given.answer(target_id)
    assert many([target_id], due_at=MIDNIGHT) == []


def test_of_many_targets_the_idle_start_and_the_busy_are_named(target_id: int) -> None:
    active, idle = given.a_job(target_id), given.a_target("idle")
    answers = {answer.target_id: answer for answer in many([target_id, idle, 777, idle])}
    assert answers.keys() == {target_id, idle}
    assert answers[idle].started
    assert answers[target_id].job_id == active


def test_ten_thousand_targets_are_requested_in_one_insert() -> None:
    given.execute(
        "INSERT INTO scraping_targets (name, spider)"
        " SELECT 'shop-' || n, 'shop' FROM generate_series(1, 10000) n"
    )
    ids = list(given.do(targets.active_ids))
    inserts = []

    def note(*arguments: Any) -> None:
        inserts.append("INSERT" in arguments[2])

    event.listen(database.engine(), "after_cursor_execute", note)
    answers = many(ids)
    event.remove(database.engine(), "after_cursor_execute", note)
    assert sum(inserts) == 1
    assert [answer.target_id for answer in answers if answer.started] == ids
    assert given.count("scraping_jobs", "status = 'pending'") == 10_000


def test_two_batches_in_opposite_order_do_not_lock_each_other_out() -> None:
    ids = [given.a_target(f"shop-{number}") for number in range(50)]
    answers = given.at_once(2, lambda turn: many(ids if turn else ids[::-1]))
    assert sum(answer.started for batch in answers for answer in batch) == 50
    assert [len(batch) for batch in answers] == [50, 50]
    for batch in answers:
        inserted = [answer.target_id for answer in batch if answer.started]
        assert inserted == sorted(inserted)


def test_a_job_is_not_cleaned_away_while_it_is_retried(target_id: int) -> None:
    old = given.brought_to(JobStatus.FAILED, target_id)
    free = "SELECT id FROM scraping_jobs WHERE id = :id FOR UPDATE SKIP LOCKED"
    found: list[Any] = []
    with once("before", lambda: found.append(given.execute(free, id=old))):
        assert given.do(requests.repeat, old, Trigger.CLI).started
    assert found == [[]]


def test_an_occasion_of_a_queueing_target_leaves_no_skipped_row(database: str) -> None:
    queueing, skipping = given.a_target("queueing", overlap="queue"), given.a_target("skipping")
    busy = {each: given.brought_to(JobStatus.RUNNING, each) for each in (queueing, skipping)}
    answers = {answer.target_id: answer for answer in many([queueing, skipping], due_at=MIDNIGHT)}
    assert answers[queueing].queued
    assert answers[queueing].why_not == f"queued behind job {busy[queueing]}, which is running"
    assert answers[skipping].status is JobStatus.SKIPPED
    assert given.count("scraping_jobs", "target_id = :id", id=queueing) == 1
    assert given.count("scraping_jobs", "target_id = :id", id=skipping) == 2


def test_a_message_that_finds_a_queueing_target_busy_is_skipped_as_ever(database: str) -> None:
    target_id = given.a_target(overlap="queue")
    given.brought_to(JobStatus.RUNNING, target_id)
    assert given.answer(target_id, job_id=uuid.uuid4()).status is JobStatus.SKIPPED
