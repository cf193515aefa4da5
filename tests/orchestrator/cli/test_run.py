import json
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from orchestrator import database as storage
from orchestrator.ledger import endings, history, job_lists, jobs, targets
from orchestrator.ledger.ends import End, Ending
from orchestrator.ledger.models import JobStatus, ScrapingJob
from tests.orchestrator.cli.conftest import NOBODY_LISTENS, Kumo
from tests.orchestrator.cli.refusals import sentence

pytestmark = pytest.mark.usefixtures("database", "redis_url")

COMMAND = Path(sys.executable).with_name("kumo")


@pytest.fixture(autouse=True)
def _target(database: str) -> None:
    with storage.transaction() as session:
        targets.register(session, {"name": "shop", "spider": "demo_shop", "priority": 4})


def job(job_id: str) -> ScrapingJob:
    with storage.transaction() as session:
        return history.one(session, uuid.UUID(job_id))[0]


def all_jobs() -> list[ScrapingJob]:
    with storage.transaction() as session:
        return [row[0] for row in job_lists.page(session, job_lists.JobFilter()).jobs]


def finish(job_id: str, end: End) -> None:
    with storage.transaction() as session:
        claim = jobs.claim(session, uuid.UUID(job_id), worker="test@here", lease_seconds=60)
        assert claim is not None
        endings.finish(session, uuid.UUID(job_id), claim.attempt, end, retry_seconds=0)


@contextmanager
def waiting(*options: str) -> Iterator["tuple[subprocess.Popen[str], str]"]:
    """`kumo run shop --wait` as a process, and the job it waits for."""
    command = [COMMAND, "run", "shop", "--wait", *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().split()[-1]
        finally:
            process.kill()


def test_a_run_starts_a_job(kumo: Kumo):
    result = kumo("run", "shop")
    assert result.exit_code == 0
    started, _, job_id = result.stdout.strip().rpartition(" ")
    assert started == "Started. Job ID:"
    assert (job(job_id).status, job(job_id).priority) == (JobStatus.PENDING, 4)


def test_a_second_run_names_the_active_job(kumo: Kumo):
    first = json.loads(kumo("run", "shop", "--json").stdout)
    second = json.loads(kumo("run", "shop", "--json").stdout)
    assert first == second == {"id": first["id"], "status": "pending"}
    assert kumo("run", "shop").stdout == f"Already pending. Job ID: {first['id']}\n"
    assert len(all_jobs()) == 1


def test_an_urgent_run_goes_first(kumo: Kumo):
    answer = json.loads(kumo("run", "shop", "--urgent", "--json").stdout)
    assert job(answer["id"]).priority == 0


def test_a_target_is_found_by_its_id(kumo: Kumo):
    with storage.transaction() as session:
        target_id = targets.find(session, "shop").id
    answer = json.loads(kumo("run", str(target_id), "--json").stdout)
    assert job(answer["id"]).target_id == target_id


@pytest.mark.parametrize("reference", ["nothing", "a/b", "999", "", "店"])
def test_an_unknown_target_starts_nothing(kumo: Kumo, reference: str):
    assert f"There is no target {reference!r}" in sentence(kumo("run", reference))
    assert all_jobs() == []


def test_a_bell_is_rung_for_the_job(redis_url: str):
    said = subprocess.run([COMMAND, "run", "shop"], capture_output=True, text=True, check=True)
    assert said.stderr == ""
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        messages = [
            message
            for key in client.keys("crawls*")
            if client.type(key) == "list"
            for message in client.lrange(key, 0, -1)
        ]
    assert len(messages) == 1
    assert json.loads(messages[0])["headers"]["id"] == said.stdout.split()[-1]


@pytest.mark.parametrize("redis_at", [f"redis://{NOBODY_LISTENS}/0", ""])
def test_without_redis_the_job_is_there_all_the_same(
    redis_at: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("REDIS_URL", redis_at)
    said = subprocess.run([COMMAND, "run", "shop"], capture_output=True, text=True, check=True)
    assert job(said.stdout.split()[-1]).status is JobStatus.PENDING
    assert len(said.stderr.splitlines()) == 1
    assert "Redis" in said.stderr


def test_waiting_for_a_completed_job_ends_well():
    with waiting() as (process, job_id):
        finish(job_id, End(Ending.COMPLETED, "complete"))
        assert process.wait(20) == 0
        assert process.stdout is not None
        assert process.stdout.read().startswith("The job is completed: 0 items")


def test_waiting_for_a_failed_job_ends_badly_and_says_why():
    with waiting() as (process, job_id):
        finish(job_id, End(Ending.IMPOSSIBLE, "spider_unknown", "There is no spider x."))
        assert process.wait(20) == 1
        assert process.stdout is not None
        said = process.stdout.read()
    assert "The job is failed" in said
    assert "There is no spider x." in said


def test_a_cancelled_job_is_no_success(kumo: Kumo):
    with waiting() as (process, job_id):
        assert kumo("jobs", "cancel", job_id).exit_code == 0
        assert process.wait(20) == 1


def test_ctrl_c_leaves_the_job_alone():
    with waiting() as (process, job_id):
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        assert process.stderr is not None
        assert f"Job {job_id} goes on; `kumo jobs cancel {job_id}` ends it." in (
            process.stderr.read()
        )
    assert job(job_id).status is JobStatus.PENDING


def test_a_program_that_waits_gets_one_json_object():
    command = [COMMAND, "run", "shop", "--wait", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            while not (found := all_jobs()):
                assert process.poll() is None
            job_id = str(found[0].id)
            finish(job_id, End(Ending.COMPLETED, "complete"))
            said, _ = process.communicate(timeout=20)
        finally:
            process.kill()
    assert json.loads(said) == {"id": job_id, "status": "completed"}
    assert process.returncode == 0


def test_a_job_nobody_takes_is_hinted_at(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KUMO_SWEEP_SECONDS", "0.2")
    with waiting() as (process, _):
        assert process.stderr is not None
        assert "No worker has taken the job yet" in process.stderr.readline()
