import json
import uuid
from datetime import UTC, datetime

import pytest

from orchestrator import database as storage
from orchestrator.ledger import endings, jobs, requests, targets
from orchestrator.ledger.claims import Claim
from orchestrator.ledger.ends import End, Ending
from orchestrator.ledger.models import JobLogLine, Trigger
from orchestrator.ledger.requests import Terms
from tests.orchestrator.cli.conftest import Kumo
from tests.orchestrator.cli.refusals import sentence

pytestmark = pytest.mark.usefixtures("database", "redis_url")

VERBS = ("show", "cancel", "pause", "resume", "retry")


def a_job(name: str = "shop") -> uuid.UUID:
    with storage.transaction() as session:
        target = targets.register(session, {"name": name, "spider": "demo_shop"})
        return requests.request(session, target.id, Terms(Trigger.CLI)).job_id


def claimed(job_id: uuid.UUID) -> Claim:
    with storage.transaction() as session:
        claim = jobs.claim(session, job_id, worker="test@here", lease_seconds=60)
    assert claim is not None
    return claim


def ended(job_id: uuid.UUID, end: End) -> None:
    with storage.transaction() as session:
        endings.finish(session, job_id, claimed(job_id).attempt, end, retry_seconds=0)


def a_failed_job(name: str = "shop") -> uuid.UUID:
    job_id = a_job(name)
    ended(job_id, End(Ending.IMPOSSIBLE, "spider_unknown", "There is no spider demo_shop."))
    return job_id


def status(kumo: Kumo, job_id: uuid.UUID) -> str:
    return json.loads(kumo("jobs", "show", str(job_id), "--json").stdout)["status"]


def test_no_jobs_say_how_to_start_one(kumo: Kumo):
    assert "kumo run TARGET" in kumo("jobs", "list").stdout


def test_jobs_are_listed_newest_first(kumo: Kumo):
    first, second = a_job("one"), a_job("two")
    listed = json.loads(kumo("jobs", "list", "--json").stdout)
    assert [job["id"] for job in listed] == [str(second), str(first)]
    lines = kumo("jobs", "list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["JOB", str(second), str(first)]


def test_jobs_are_filtered_by_target_status_and_number(kumo: Kumo):
    failed, waiting = a_failed_job("one"), a_job("two")

    def ids(*options: str) -> list[str]:
        return [job["id"] for job in json.loads(kumo("jobs", "list", "--json", *options).stdout)]

    assert ids("--target", "one") == [str(failed)]
    assert ids("--status", "pending") == [str(waiting)]
    assert ids("--target", "one", "--status", "pending") == []
    assert ids("--limit", "1") == [str(waiting)]


def test_jobs_of_an_unknown_target_are_refused(kumo: Kumo):
    assert "There is no target 'nothing'" in sentence(kumo("jobs", "list", "--target", "nothing"))


def test_a_job_is_shown_with_why_it_ended_and_its_log(kumo: Kumo):
    job_id = a_failed_job()
    with storage.transaction() as session:
        session.add(
            JobLogLine(
                job_id=job_id, attempt=1, seq=1, level=40, logged_at=datetime.now(UTC),
                logger="demo", message="This went \x1b[31mwrong",
            )
        )  # fmt: skip
    said = kumo("jobs", "show", str(job_id)).stdout
    lines = {line.split()[0]: line for line in said.splitlines()}
    assert lines["Status"].endswith("failed")
    assert lines["Workers"].endswith("test@here")
    assert lines["Error"].endswith("There is no spider demo_shop.")
    assert said.splitlines()[-1].endswith("ERROR This went wrong")


@pytest.mark.parametrize("verb", VERBS)
def test_an_unknown_job_is_refused(kumo: Kumo, verb: str):
    job_id = str(uuid.uuid4())
    assert f"There is no job {job_id}" in sentence(kumo("jobs", verb, job_id))


@pytest.mark.parametrize("verb", VERBS)
def test_an_id_that_is_none_is_a_usage_error(kumo: Kumo, verb: str):
    assert kumo("jobs", verb, "shop").exit_code == 2


def test_a_waiting_job_is_cancelled_at_once(kumo: Kumo):
    job_id = a_job()
    assert "is cancelled" in kumo("jobs", "cancel", str(job_id)).stdout
    assert status(kumo, job_id) == "cancelled"


def test_a_running_job_is_told_to_stop(kumo: Kumo):
    job_id = a_job()
    claimed(job_id)
    assert "ends after the pages in flight" in kumo("jobs", "cancel", str(job_id)).stdout
    assert "cancel is asked for" in kumo("jobs", "show", str(job_id)).stdout


def test_a_job_is_paused_and_resumed(kumo: Kumo):
    job_id = a_job()
    paused = json.loads(kumo("jobs", "pause", str(job_id), "--json").stdout)
    assert paused == {"id": str(job_id), "status": "paused"}
    resumed = json.loads(kumo("jobs", "resume", str(job_id), "--json").stdout)
    assert resumed == {"id": str(job_id), "status": "pending"}


@pytest.mark.parametrize("verb", ["cancel", "pause", "resume"])
def test_a_job_that_ended_is_left_as_it_is(kumo: Kumo, verb: str):
    job_id = a_failed_job()
    said = sentence(kumo("jobs", verb, str(job_id)))
    assert said.startswith(f"Job {job_id} is failed and cannot be")
    assert status(kumo, job_id) == "failed"


def test_a_job_that_ended_is_retried_as_a_new_one(kumo: Kumo):
    job_id = a_failed_job()
    answer = json.loads(kumo("jobs", "retry", str(job_id), "--json").stdout)
    assert answer["status"] == "pending"
    assert answer["id"] != str(job_id)
    again = json.loads(kumo("jobs", "show", answer["id"], "--json").stdout)
    assert again["retry_of"] == str(job_id)


def test_an_active_job_is_not_retried(kumo: Kumo):
    job_id = a_job()
    assert "is pending and cannot be retried" in sentence(kumo("jobs", "retry", str(job_id)))
