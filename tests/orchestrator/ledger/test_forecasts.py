"""When running jobs likely end."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from orchestrator.ledger import forecasts
from orchestrator.ledger.models import JobStatus
from tests.orchestrator.ledger import given


def history(target_id: int, *jobs: tuple[int, int]) -> None:
    """Completed jobs, each of so many pages in so many seconds, the last one first."""
    for days, (pages, seconds) in enumerate(jobs, 1):
        given.execute(
            "UPDATE scraping_jobs SET pages = :pages,"
            " queued_at = now() - make_interval(days => :d),"
            " started_at = now() - make_interval(days => :d),"
            " completed_at = now() - make_interval(days => :d, secs => -:seconds) WHERE id = :id",
            pages=pages,
            seconds=seconds,
            d=days,
            id=given.brought_to(JobStatus.COMPLETED, target_id),
        )


def running(target_id: int, *, seconds: float, pages: int = 0) -> UUID:
    job_id = given.a_job(target_id)
    assert given.claim(job_id)
    given.execute(
        "UPDATE scraping_jobs SET pages = :pages, started_at = now() - make_interval(secs => :s)"
        " WHERE id = :id",
        pages=pages,
        s=seconds,
        id=job_id,
    )
    return job_id


def progress(job_id: UUID, *, ago: float, pages: int) -> None:
    given.execute(
        "INSERT INTO job_progress (job_id, began_at, pages)"
        " VALUES (:id, now() - make_interval(secs => :ago), :pages)",
        id=job_id,
        ago=ago,
        pages=pages,
    )


def seconds_left(job_id: UUID) -> float | None:
    end = given.do(forecasts.expected_end, given.job(job_id))
    return (end - datetime.now(UTC)).total_seconds() if end else None


def test_a_target_without_history_promises_nothing(target_id: int) -> None:
    assert seconds_left(running(target_id, seconds=10)) is None


def test_a_job_without_speed_takes_as_long_as_the_middle_one_of_those_before(
    target_id: int,
) -> None:
    history(target_id, (60, 100), (60, 5_000), (60, 300))
    job_id = running(target_id, seconds=40)
    assert seconds_left(job_id) == pytest.approx(260, abs=5)


def test_only_the_ten_jobs_before_count(target_id: int) -> None:
    history(target_id, *[(60, 100)] * 10, *[(60, 9_000)] * 11)
    assert seconds_left(running(target_id, seconds=40)) == pytest.approx(60, abs=5)


def test_jobs_that_did_not_complete_are_no_guide(target_id: int) -> None:
    given.brought_to(JobStatus.FAILED, target_id)
    given.brought_to(JobStatus.CANCELLED, target_id)
    assert seconds_left(running(target_id, seconds=40)) is None


def test_a_job_with_speed_takes_as_long_as_the_pages_that_are_left(target_id: int) -> None:
    history(target_id, (600, 100))
    job_id = running(target_id, seconds=1_000, pages=400)
    progress(job_id, ago=20, pages=120)  # two a second over a minute
    assert seconds_left(job_id) == pytest.approx(100, rel=0.15)


def test_what_was_fast_long_ago_says_nothing_of_now(target_id: int) -> None:
    history(target_id, (600, 3_000))
    job_id = running(target_id, seconds=1_000, pages=400)
    progress(job_id, ago=500, pages=10_000)
    assert seconds_left(job_id) == pytest.approx(2_000, abs=5)


def test_a_young_job_is_as_fast_as_its_few_seconds(target_id: int) -> None:
    history(target_id, (600, 3_000))
    job_id = running(target_id, seconds=10, pages=100)
    progress(job_id, ago=9, pages=100)
    assert given.do(forecasts.speeds, [job_id])[job_id] == pytest.approx(10, rel=0.1)
    assert seconds_left(job_id) == pytest.approx(50, rel=0.15)


def test_a_job_that_is_past_all_that_was_usual_promises_nothing(target_id: int) -> None:
    history(target_id, (600, 100))
    slow = running(target_id, seconds=101)
    assert seconds_left(slow) is None
    progress(slow, ago=20, pages=120)
    given.execute("UPDATE scraping_jobs SET pages = 601 WHERE id = :id", id=slow)
    assert seconds_left(slow) is None


def test_the_ends_of_many_are_those_of_each(target_id: int) -> None:
    other = given.a_target("other")
    history(target_id, (60, 100))
    history(other, (60, 200))
    jobs = [given.job(running(each, seconds=10)) for each in (target_id, other)]
    ends = given.do(forecasts.expected_ends, jobs)
    left = [(ends[job.id] - datetime.now(UTC)).total_seconds() for job in jobs]
    assert left == [pytest.approx(90, abs=5), pytest.approx(190, abs=5)]
