import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from sqlalchemy import text

from orchestrator import database
from orchestrator.exceptions import LeaseLost
from orchestrator.ledger import crawls, endings
from orchestrator.ledger.checkpoints import Batch, CheckpointWriter
from orchestrator.ledger.models import JobStatus
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def job_id(target_id: int) -> uuid.UUID:
    return given.brought_to(JobStatus.RUNNING, target_id)


def expire() -> None:
    given.execute("UPDATE crawls SET lease_until = now() - interval '1 s'")


def expired() -> list[tuple[uuid.UUID, int, str]]:
    return [tuple(row)[:3] for row in given.do(crawls.expired, most=10)]


def test_a_lease_that_ran_out_is_found_until_its_crawl_has_ended(job_id: uuid.UUID) -> None:
    assert expired() == []
    expire()
    assert expired() == [(job_id, 1, "w@here")]
    given.finish(job_id, given.BROKEN)
    assert expired() == []


def test_two_sweeps_at_once_find_different_crawls(job_id: uuid.UUID) -> None:
    expire()
    find = partial(crawls.expired, most=10)
    first, second = given.overtaken(find, find)
    assert [row.job_id for row in first] == [job_id]
    assert second == []


def test_a_crawl_in_the_midst_of_its_checkpoint_is_not_given_up(job_id: uuid.UUID) -> None:
    expire()
    _, found = given.overtaken(
        lambda session: session.connection().exec_driver_sql(
            "SELECT FROM scraping_jobs FOR NO KEY UPDATE"
        ),
        partial(crawls.expired, most=10),
    )
    assert found == []


def test_a_sweep_beats_a_checkpoint_that_wakes_meanwhile(target_id: int) -> None:
    claim = given.claim(given.a_job(target_id))
    assert claim
    expire()
    writer = CheckpointWriter(claim, lease_seconds=60)
    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as session:
            ((job_id, attempt, *_),) = crawls.expired(session, most=10)
            woken = pool.submit(writer.commit, Batch(pages=1))
            given.await_lock_or_end(woken)
            assert endings.finish(session, job_id, attempt, given.BROKEN, retry_seconds=30)
        with pytest.raises(LeaseLost):
            woken.result(timeout=10)
    assert given.job(job_id).pages == 0


def test_an_end_and_a_checkpoint_do_not_lock_each_other_out(target_id: int) -> None:
    claim = given.claim(given.a_job(target_id))
    assert claim
    job_id = uuid.UUID(claim.job_id)
    with database.transaction() as session:
        # What a checkpoint locks first; the end must wait here, with nothing in its hands.
        session.execute(text("SELECT FROM scraping_jobs FOR NO KEY UPDATE"))
        with ThreadPoolExecutor(1) as pool:
            end = pool.submit(given.finish, job_id, given.COMPLETED)
            given.await_lock_or_end(end)
            session.execute(text("SET LOCAL lock_timeout = '100ms'"))
            session.execute(text("UPDATE crawls SET pages = pages + 1"))
            session.commit()
            assert end.result(timeout=10)


def test_the_process_of_a_crawl_is_written_down(job_id: uuid.UUID) -> None:
    given.do(crawls.record_pid, job_id, 1, pid=4321)
    assert [crawl.pid for crawl in given.do(crawls.of_job, job_id)] == [4321]


def test_an_ended_crawl_keeps_its_outcome(job_id: uuid.UUID) -> None:
    given.finish(job_id, given.COMPLETED)
    given.do(crawls.end, job_id, 1, outcome="other")
    assert [crawl.outcome for crawl in given.do(crawls.of_job, job_id)] == ["finished"]


def test_the_attempts_of_a_job_are_listed_first_to_last(job_id: uuid.UUID) -> None:
    given.finish(job_id, given.HANDED_BACK)
    given.claim(job_id)
    assert [crawl.attempt for crawl in given.do(crawls.of_job, job_id)] == [1, 2]
