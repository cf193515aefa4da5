import pytest

from orchestrator.exceptions import TargetNotFound
from orchestrator.ledger import jobs, request_keys
from orchestrator.ledger.models import JobStatus, Trigger
from orchestrator.ledger.request_keys import RequestKey
from orchestrator.ledger.requests import Answer, Terms
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")

KEY = RequestKey("token 1", "last night")


def asked(target_id: int, key: RequestKey = KEY) -> Answer:
    return given.do(request_keys.request, target_id, Terms(Trigger.API), key)


def test_a_key_that_is_used_at_once_makes_one_job():
    target_id = given.a_target()
    answers = given.at_once(6, lambda _: asked(target_id))
    assert {each.started for each in answers} == {True}
    assert {each.job_id for each in answers} == {
        given.execute("SELECT id FROM scraping_jobs")[0][0]
    }
    assert given.count("scraping_jobs") == 1


def test_a_key_around_midnight_is_still_the_same():
    target_id = given.a_target()
    job_id = asked(target_id).job_id
    given.do(jobs.cancel, job_id)
    # As if it had been asked for yesterday, a minute before midnight.
    yesterday = given.execute("SELECT (now() AT TIME ZONE 'UTC')::date - DATE '0001-01-01'")[0][0]
    earlier = KEY.job_id(target_id, yesterday)
    given.execute("UPDATE scraping_jobs SET id = :id", id=earlier)
    assert asked(target_id).job_id == earlier
    given.execute("UPDATE scraping_jobs SET queued_at = now() - interval '25 hours'")
    assert asked(target_id).job_id not in (earlier, None)


def test_a_key_of_a_busy_target_starts_nothing_ever():
    target_id = given.a_target()
    active = given.a_job(target_id)
    first = asked(target_id)
    assert (first.started, first.status) == (False, JobStatus.SKIPPED)
    given.do(jobs.cancel, active)
    assert asked(target_id) == first
    assert asked(target_id, RequestKey("token 1", "another")).started


def test_a_key_of_no_target_makes_nothing():
    with pytest.raises(TargetNotFound):
        asked(7)
    assert given.count("scraping_jobs") == 0
