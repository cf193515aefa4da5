"""When a bell is rung, and rung again."""

import uuid
from functools import partial
from typing import Any

import pytest

from orchestrator.ledger import bells
from orchestrator.ledger.models import JobStatus, Queue
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")

PENDING, RUNNING, PAUSED = JobStatus.PENDING, JobStatus.RUNNING, JobStatus.PAUSED
COMPLETED, CANCELLED = JobStatus.COMPLETED, JobStatus.CANCELLED


def unanswered(**options: Any) -> list[uuid.UUID]:
    options = {"ring_again_seconds": 60, "most": 10} | options
    rows = given.do(bells.unanswered, options.pop("where", Queue.CRAWLS), **options)
    return [row.id for row in rows]


def test_a_bell_just_rung_is_not_rung_again(target_id: int) -> None:
    given.a_job(target_id)
    assert unanswered() == []


def test_a_bell_nobody_answered_is_rung_again_once(target_id: int) -> None:
    job_id = given.a_job(target_id)
    given.execute("UPDATE scraping_jobs SET rung_at = now() - interval '61 s'")
    assert unanswered() == [job_id]
    assert unanswered() == []


def test_a_bell_that_could_not_be_rung_is_rung_by_the_next_sweep(target_id: int) -> None:
    job_id = given.a_job(target_id)
    given.do(bells.ring_later, [job_id])
    assert unanswered() == [job_id]


def test_a_bell_is_rung_in_the_queue_of_its_kind_and_its_tag() -> None:
    kinds: dict[str, dict[str, Any]] = {
        "crawls": {},
        "browser": {"render": True},
        "crawls.eu": {"worker_tag": "eu"},
        "browser.eu": {"render": True, "worker_tag": "eu"},
    }
    answers = {
        queue: given.answer(given.a_target(f"shop-{number}", **fields))
        for number, (queue, fields) in enumerate(kinds.items())
    }
    given.execute("UPDATE scraping_jobs SET rung_at = NULL")
    assert [answer.queue for answer in answers.values()] == list(kinds)
    assert given.do(bells.due_by_queue, most=9) == dict.fromkeys(kinds, 1)
    assert given.do(bells.count_due) == 4
    for queue, answer in answers.items():
        assert bells.queue_of(given.job(answer.job_id).definition) == queue
        assert unanswered(where=queue) == [answer.job_id]


def test_of_more_queues_than_one_sweep_can_serve_none_is_left_out_for_ever() -> None:
    for number in range(9):
        given.a_job(given.a_target(f"shop-{number}", worker_tag=f"tag-{number}"))
    seen: set[str] = set()
    for _ in range(200):
        found = given.do(bells.due_by_queue, most=3)
        assert len(found) == 3
        seen |= found.keys()
    assert len(seen) == 9


def test_a_job_requested_before_there_were_browsers_needs_none(target_id: int) -> None:
    job_id = given.a_job(target_id)
    given.execute("UPDATE scraping_jobs SET definition = definition - 'render'")
    assert given.do(bells.due_by_queue, most=9) == {"crawls": 1}
    assert bells.queue_of(given.job(job_id).definition) == "crawls"


def test_a_job_that_waits_its_time_is_rung_when_it_is_due(target_id: int) -> None:
    job_id = given.brought_to(RUNNING, target_id)
    given.finish(job_id, given.BROKEN)
    assert unanswered() == []
    assert given.do(bells.count_due) == 0
    given.made_due(job_id)
    assert given.do(bells.count_due) == 1
    assert unanswered() == [job_id]


@pytest.mark.parametrize("status", [RUNNING, PAUSED, COMPLETED, CANCELLED])
def test_only_pending_jobs_are_rung(status: JobStatus, target_id: int) -> None:
    given.brought_to(status, target_id)
    given.execute("UPDATE scraping_jobs SET rung_at = NULL")
    assert unanswered() == []


def test_two_sweeps_at_once_ring_each_bell_once() -> None:
    for number in range(4):
        given.a_job(given.a_target(f"shop-{number}"))
    given.execute("UPDATE scraping_jobs SET rung_at = NULL")
    ring = partial(bells.unanswered, where=Queue.CRAWLS, ring_again_seconds=60, most=2)
    first, second = given.overtaken(ring, ring)
    assert not isinstance(second, Exception)
    assert len({row.id for row in [*first, *second]}) == 4


def test_urgent_jobs_are_rung_first() -> None:
    late = given.a_job(given.a_target("late"), priority=9)
    urgent = given.a_job(given.a_target("urgent"), priority=0)
    given.execute("UPDATE scraping_jobs SET rung_at = NULL")
    assert unanswered(most=1) == [urgent]
    assert unanswered(most=1) == [late]
