import uuid

import pytest

from orchestrator.exceptions import JobNotFound
from orchestrator.ledger import history, targets
from orchestrator.ledger.models import JobStatus
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")


def test_the_job_before_is_the_last_completed_one_of_its_target(target_id: int) -> None:
    first = given.brought_to(JobStatus.COMPLETED, target_id)
    given.brought_to(JobStatus.FAILED, target_id)
    given.brought_to(JobStatus.COMPLETED, given.a_target("other"))
    last = given.brought_to(JobStatus.COMPLETED, target_id)
    before = given.do(lambda session: history.job_before(session, given.job(last)))
    assert before
    assert before.id == first
    assert given.do(lambda session: history.job_before(session, given.job(first))) is None


def test_troubled_rows_are_walked_by_key_and_cut(target_id: int) -> None:
    job_id = given.a_job(target_id)
    given.execute(
        "INSERT INTO rejected_items (job_id, content_hash, reason, excerpt)"
        " SELECT :id, decode(lpad(to_hex(n), 4, '0'), 'hex'), repeat('r', 9000), 'item ' || n"
        " FROM generate_series(1, 45) n",
        id=job_id,
    )
    given.execute(
        "INSERT INTO charged_pages (job_id, request_id, url, reason, given_up_at)"
        " SELECT :id, decode(lpad(to_hex(n), 4, '0'), 'hex'), 'u' || n, 'r',"
        " CASE WHEN n % 2 = 0 THEN now() END FROM generate_series(1, 90) n",
        id=job_id,
    )
    for walk in (history.rejected, history.given_up_pages):
        shown: list[str] = []
        after = b""
        while rows := given.do(walk, job_id, after=after):
            assert len(rows) <= 20
            assert all(len(row.reason) <= 500 for row in rows)
            shown += [row.what for row in rows]
            after = rows[-1].key
        assert len(set(shown)) == len(shown) == 45


def test_the_last_attempts_are_listed_in_their_order(target_id: int) -> None:
    job_id = given.a_job(target_id)
    for attempt in range(1, 5):
        assert given.claim(job_id)
        given.finish(job_id, given.HANDED_BACK, attempt=attempt)
    assert [each.attempt for each in given.do(history.attempts, job_id, most=3)] == [2, 3, 4]


def test_a_job_is_shown_with_its_target_even_when_that_is_deleted(target_id: int) -> None:
    job_id = given.a_job(target_id)
    given.do(lambda session: targets.delete(session, targets.find(session, target_id)))
    job, target = given.do(history.one, job_id)
    assert (job.id, target.name) == (job_id, "shop")


def test_a_job_that_is_not_there_is_not_found() -> None:
    with pytest.raises(JobNotFound):
        given.do(history.one, uuid.uuid4())
