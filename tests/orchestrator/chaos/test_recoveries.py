import uuid
from dataclasses import replace

import pytest

from orchestrator.chaos.recoveries import Recoveries, percentile
from orchestrator.ledger.evidence import Standing
from orchestrator.ledger.models import JobStatus

JOB = Standing(uuid.uuid4(), JobStatus.RUNNING, attempt=1, checkpoint=5)
OTHER = Standing(uuid.uuid4(), JobStatus.RUNNING, attempt=1, checkpoint=5)


@pytest.fixture
def recoveries() -> Recoveries:
    return Recoveries()


def see(recoveries: Recoveries, job: Standing, at: float, *, busy: bool = False) -> None:
    recoveries.seen([job], at=at, slots_are_busy=busy)


def test_a_job_that_was_hit_has_recovered_with_a_checkpoint_of_a_later_attempt(
    recoveries: Recoveries,
) -> None:
    recoveries.struck([JOB], {JOB.job_id}, at=10)
    see(recoveries, replace(JOB, checkpoint=9), 11)
    see(recoveries, replace(JOB, attempt=2, checkpoint=0), 12)
    assert recoveries.of_hit == []
    see(recoveries, replace(JOB, attempt=2, checkpoint=1), 13)
    assert recoveries.of_hit == [3]


def test_a_job_that_was_hit_has_recovered_when_it_has_ended(recoveries: Recoveries) -> None:
    recoveries.struck([JOB], {JOB.job_id}, at=10)
    see(recoveries, replace(JOB, status=JobStatus.COMPLETED), 12)
    assert recoveries.of_hit == [2]


def test_a_job_that_was_spared_has_recovered_with_a_checkpoint_surely_after_the_kill(
    recoveries: Recoveries,
) -> None:
    recoveries.struck([JOB], set(), at=10)
    see(recoveries, replace(JOB, checkpoint=6), 11)
    assert recoveries.of_others == []
    see(recoveries, replace(JOB, checkpoint=7), 12)
    assert recoveries.of_others == [2]
    assert recoveries.of_hit == []


def test_a_second_kill_does_not_stop_the_clock_of_the_first(recoveries: Recoveries) -> None:
    recoveries.struck([JOB], {JOB.job_id}, at=10)
    recoveries.struck([JOB, OTHER], {JOB.job_id}, at=40)
    see(recoveries, replace(JOB, attempt=2, checkpoint=1), 70)
    assert recoveries.of_hit == [60]


def test_a_later_attempt_that_is_hit_was_taken_up_and_begins_anew(recoveries: Recoveries) -> None:
    recoveries.struck([JOB], {JOB.job_id}, at=10)
    recoveries.struck([replace(JOB, attempt=2, checkpoint=0)], {JOB.job_id}, at=40)
    see(recoveries, replace(JOB, attempt=3, checkpoint=1), 45)
    assert recoveries.of_hit == [30, 5]


def test_a_spared_job_that_is_hit_next_is_one_that_was_hit(recoveries: Recoveries) -> None:
    recoveries.struck([JOB], set(), at=10)
    recoveries.struck([JOB], {JOB.job_id}, at=11)
    see(recoveries, replace(JOB, checkpoint=9), 12)
    see(recoveries, replace(JOB, attempt=2, checkpoint=1), 13)
    assert (recoveries.of_hit, recoveries.of_others) == ([2], [])


def test_the_clock_stands_while_other_jobs_use_all_slots(recoveries: Recoveries) -> None:
    recoveries.struck([JOB], {JOB.job_id}, at=10)
    waiting = replace(JOB, status=JobStatus.PENDING, due=True)
    see(recoveries, waiting, 11)
    see(recoveries, waiting, 30, busy=True)
    see(recoveries, replace(waiting, due=False), 31, busy=True)
    see(recoveries, waiting, 33)
    see(recoveries, replace(JOB, attempt=2, checkpoint=1), 34)
    assert recoveries.of_hit == [34 - 10 - 19]


def test_a_job_that_waited_at_the_kill_is_not_watched(recoveries: Recoveries) -> None:
    recoveries.struck([replace(JOB, status=JobStatus.PENDING)], {JOB.job_id}, at=10)
    recoveries.give_up(at=99)
    assert recoveries.of_hit == []


def test_what_never_goes_on_counts_until_it_is_given_up(recoveries: Recoveries) -> None:
    recoveries.struck([JOB, OTHER], {JOB.job_id}, at=10)
    recoveries.give_up(at=100)
    assert (recoveries.of_hit, recoveries.of_others) == ([90], [90])


def test_the_percentile_is_one_of_the_values() -> None:
    assert percentile([], 0.99) == 0
    assert percentile([3, 1, 2], 0.5) == 2
    assert percentile(range(1, 101), 0.99) == 99
    assert percentile(range(1, 51), 0.99) == 50
