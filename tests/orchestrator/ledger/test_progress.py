import uuid

import pytest

from orchestrator.ledger import progress
from orchestrator.ledger.models import JobStatus
from orchestrator.ledger.progress import Step
from tests.orchestrator.ledger import given


def stepped(target_id: int, status: str, *, age: int, pages: dict[int, int]) -> uuid.UUID:
    """A job that began `age` seconds ago and brought pages at those seconds of its time."""
    job_id = given.brought_to(JobStatus.RUNNING, target_id)
    given.execute(
        "UPDATE scraping_jobs SET started_at = now() - make_interval(secs => :age),"
        " status = :status, completed_at = CASE WHEN :status = 'completed' THEN now() END"
        " WHERE id = :id",
        id=job_id,
        age=age,
        status=status,
    )
    for at, count in pages.items():
        given.execute(
            "INSERT INTO job_progress (job_id, began_at, pages)"
            " SELECT id, started_at + make_interval(secs => :at), :count"
            " FROM scraping_jobs WHERE id = :id",
            id=job_id,
            at=at,
            count=count,
        )
    return job_id


def steps(job_id: uuid.UUID) -> list[Step]:
    return given.do(lambda session: progress.steps(session, given.job(job_id)))


def test_a_job_that_never_began_has_no_steps(target_id: int) -> None:
    assert steps(given.a_job(target_id)) == []


def test_the_unfinished_step_of_a_running_job_is_left_out(target_id: int) -> None:
    shown = steps(stepped(target_id, "running", age=600, pages={0: 3, 590: 5, 600: 1}))
    assert [shown[0].pages, shown[-1].pages] == [3, 5]
    assert {step.seconds for step in shown} == {10}
    assert len(shown) == 60


def test_a_job_that_ended_shows_all_it_brought(target_id: int) -> None:
    shown = steps(stepped(target_id, "completed", age=3, pages={0: 3, 3: 4}))
    assert [step.pages for step in shown] == [3, 0, 0, 4]


@pytest.mark.parametrize(
    ("age", "width"), [(119, 1), (600, 10), (1_199, 10), (3_600, 60), (86_400, 720)]
)
def test_steps_are_as_many_as_a_picture_holds_and_add_up(
    target_id: int, age: int, width: int
) -> None:
    pages = {at: at % 7 for at in range(0, age - age % 60, 60)}
    shown = steps(stepped(target_id, "completed", age=age, pages=pages))
    assert {step.seconds for step in shown} == {width}
    assert len(shown) <= 121
    assert sum(step.pages for step in shown) == sum(pages.values())
    assert shown[-1].pages_per_second == shown[-1].pages / width


def test_a_job_that_waits_is_drawn_until_it_last_brought_something(target_id: int) -> None:
    shown = steps(stepped(target_id, "paused", age=90, pages={0: 3, 9: 4}))
    assert len(shown) == 10
    assert shown[-1].pages == 4
