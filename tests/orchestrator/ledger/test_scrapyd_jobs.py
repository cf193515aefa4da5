import uuid

import pytest

from orchestrator.ledger import logs, scrapyd_jobs
from orchestrator.ledger.models import JobStatus
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")


def called(job_id: uuid.UUID, jobid: str, spider: str) -> uuid.UUID:
    given.execute(
        "INSERT INTO scrapyd_jobs (job_id, jobid, spider) VALUES (:id, :jobid, :spider)",
        id=job_id,
        jobid=jobid,
        spider=spider,
    )
    return job_id


def test_those_that_wait_are_in_the_order_they_will_be_served() -> None:
    paused = given.brought_to(JobStatus.PAUSED, given.a_target("paused", priority=0))
    late = given.a_job(given.a_target("late", priority=7))
    soon = given.a_job(given.a_target("soon", priority=1))
    assert [job.id for job in given.do(scrapyd_jobs.pending)] == [soon, late, paused]
    assert given.do(scrapyd_jobs.counts) == (3, 0, 0)


def test_a_job_is_found_by_its_clients_id_and_by_its_own() -> None:
    job_id = called(given.a_job(given.a_target()), "mine", "books")
    for jobid in ("mine", str(job_id), job_id.hex):
        found = given.do(scrapyd_jobs.find, jobid)
        assert (found.id, found.jobid, found.spider) == (job_id, "mine", "books")
    assert given.do(scrapyd_jobs.find, str(uuid.uuid4())) is None


def test_a_job_is_known_by_the_name_its_client_used_and_no_other() -> None:
    target_id = given.a_target("shop")
    first = called(given.brought_to(JobStatus.COMPLETED, target_id), "mine", "books")
    second = given.brought_to(JobStatus.RUNNING, target_id)
    assert [job.id for job in given.do(scrapyd_jobs.of_spider, "books")] == [first]
    assert [job.id for job in given.do(scrapyd_jobs.of_spider, "shop")] == [second]
    assert given.do(scrapyd_jobs.names) == ["books", "shop"]
    assert given.do(scrapyd_jobs.of_spider, "nobody\0") == []


def test_a_log_is_counted_by_level() -> None:
    job_id = given.a_job(given.a_target())
    for seq, level in enumerate((20, 20, 40)):
        given.execute(
            "INSERT INTO job_log_lines VALUES (:id, 1, :seq, :level, now(), 'a', 'b')",
            id=job_id,
            seq=seq,
            level=level,
        )
    assert given.do(logs.by_level, job_id) == {20: 2, 40: 1}
    assert [line.level for line in given.do(logs.stretch, job_id, after=(1, 0))] == [20, 40]
