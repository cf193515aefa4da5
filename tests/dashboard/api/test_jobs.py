from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from orchestrator.ledger.models import (
    AuditEntry,
    JobStatus,
    Scope,
    ScrapingJob,
    ScrapingTarget,
    Trigger,
)
from tests.dashboard import rows
from tests.dashboard.api.conftest import Program, made
from tests.orchestrator.ledger import given

KEY = {"Idempotency-Key": "last night"}


def jobs(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(ScrapingJob)) or 0


def test_a_job_is_requested_and_the_next_request_is_told_of_it(
    operating: Program, session: Session, target: ScrapingTarget
) -> None:
    first = operating.post("/targets/shop/jobs")
    assert (first.status_code, first.json["started"]) == (201, True)
    assert operating.get(first.location).json["id"] == first.json["job"]["id"]
    second = operating.post("/targets/shop/jobs", {})
    assert (second.status_code, second.json["started"]) == (200, False)
    assert second.json["job"] == first.json["job"]
    assert session.scalars(select(ScrapingJob.trigger)).all() == [Trigger.API]
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "target.run")).first()
    assert entry
    assert entry.who == "admin (a program)"


def test_urgently_hastens_the_job_that_waits(
    operating: Program, session: Session, target: ScrapingTarget
) -> None:
    waiting = operating.post("/targets/shop/jobs").json["job"]
    hastened = operating.post("/targets/shop/jobs", {"urgently": True}).json["job"]
    assert (hastened["id"], hastened["priority"]) == (waiting["id"], 0)


@pytest.mark.usefixtures("target")
def test_the_same_key_is_told_of_the_same_job_however_often_and_late(
    operating: Program, session: Session
) -> None:
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(operating.post, "/targets/shop/jobs", headers=KEY) for _ in range(8)]
        answers = [each.result() for each in asked]
    assert {each.status_code for each in answers} == {201}
    (job_id,) = {each.json["job"]["id"] for each in answers}
    given.execute("UPDATE scraping_jobs SET status = 'completed', completed_at = now()")
    late = operating.post("/targets/shop/jobs", headers=KEY)
    assert (late.status_code, late.json["job"]["id"]) == (201, job_id)
    assert jobs(session) == 1
    # Two days later the same words mean another job.
    given.execute("UPDATE scraping_jobs SET queued_at = now() - interval '2 days'")
    given.execute("UPDATE scraping_jobs SET id = gen_random_uuid()")
    assert operating.post("/targets/shop/jobs", headers=KEY).json["job"]["id"] == job_id
    assert jobs(session) == 2


@pytest.mark.usefixtures("target")
def test_a_key_of_a_busy_target_is_told_of_a_skipped_job_that_names_the_other(
    operating: Program,
) -> None:
    active = operating.post("/targets/shop/jobs").json["job"]["id"]
    answers = [operating.post("/targets/shop/jobs", headers=KEY) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 200]
    (skipped,) = {each.json["job"]["id"] for each in answers}
    told = operating.get(f"/jobs/{skipped}").json
    assert told["status"] == "skipped"
    assert active in told["error_message"]


@pytest.mark.usefixtures("target")
def test_others_may_use_the_same_words_for_a_key(operating: Program) -> None:
    first = operating.post("/targets/shop/jobs", headers=KEY).json["job"]["id"]
    other = Program(operating.client, made(Scope.OPERATE, name="another"))
    assert other.post("/targets/shop/jobs", headers=KEY).json["job"]["id"] != first


@pytest.mark.usefixtures("target")
def test_a_key_that_is_none_starts_nothing(operating: Program, session: Session) -> None:
    for key in ("", "x" * 256, "a\tb"):
        refused = operating.post("/targets/shop/jobs", headers={"Idempotency-Key": key})
        assert refused.status_code == 422
        assert refused.json["errors"][0]["field"] == "Idempotency-Key"
    assert jobs(session) == 0


def test_what_may_be_asked_of_a_job(
    operating: Program, session: Session, target: ScrapingTarget
) -> None:
    job = operating.post("/targets/shop/jobs").json["job"]["id"]

    def asked(verb: str) -> tuple[int, str]:
        answer = operating.post(f"/jobs/{job}/{verb}")
        return answer.status_code, answer.json.get("status")

    assert asked("resume") == (409, 409)
    assert asked("pause") == (200, "paused")
    assert asked("resume") == (200, "pending")
    assert asked("cancel") == (200, "cancelled")
    assert asked("cancel") == (409, 409)
    assert asked("accept") == asked("discard") == asked("undo") == (409, 409)
    again = operating.post(f"/jobs/{job}/retry")
    assert again.status_code == 201
    assert again.json["job"]["retry_of"] == job
    done = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert done == ["target.run", "job.pause", "job.resume", "job.cancel", "job.retry"]


def test_an_ended_job_is_not_sent_twice(
    reading: Program, session: Session, target: ScrapingTarget
) -> None:
    job = rows.job(session, target)
    first = reading.get(f"/jobs/{job.id}")
    assert first.headers["Cache-Control"] == "private, no-cache"
    tag = {"If-None-Match": first.headers["ETag"]}
    unchanged = reading.get(f"/jobs/{job.id}", headers=tag)
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    job.publication = "held"  # type: ignore[assignment]
    session.flush()
    assert reading.get(f"/jobs/{job.id}", headers=tag).status_code == 200
    running = rows.job(session, target, JobStatus.RUNNING)
    assert "ETag" not in reading.get(f"/jobs/{running.id}").headers


def test_lists_of_jobs_are_read_to_their_end_with_their_filters(
    reading: Program, session: Session, target: ScrapingTarget
) -> None:
    old = [
        rows.job(session, target, JobStatus.FAILED, ago=timedelta(days=day)) for day in (1, 2, 3)
    ]
    rows.job(session, rows.target(session, "other"), JobStatus.FAILED)
    wanted = [str(each.id) for each in old]
    query = {"status": "failed", "limit": 1}
    assert [each["id"] for each in reading.all_of("/targets/shop/jobs", **query)] == wanted
    assert [each["id"] for each in reading.all_of("/jobs", target="shop", **query)] == wanted
    # As a shell sends it: the + of the offset is a space by then.
    since = (old[1].queued_at - timedelta(minutes=1)).isoformat().replace("+", " ")
    found = reading.all_of("/jobs", since=since, target="shop", status=["failed", "completed"])
    assert [each["id"] for each in found] == wanted[:2]


def test_a_log_is_read_in_order_and_by_level(
    reading: Program, session: Session, target: ScrapingTarget
) -> None:
    job = rows.job(session, target)
    for seq in range(5):
        rows.line(session, job, seq, f"line {seq}", level=40 if seq == 3 else 20)
    session.flush()
    lines = reading.all_of(f"/jobs/{job.id}/log", limit=2)
    assert [line["message"] for line in lines] == [f"line {seq}" for seq in range(5)]
    assert [line["seq"] for line in reading.all_of(f"/jobs/{job.id}/log", level=40)] == [3]
    assert [line["seq"] for line in reading.all_of(f"/jobs/{job.id}/log", text="LINE 4")] == [4]


def test_scrapys_statistics_are_told_as_they_are(
    reading: Program, session: Session, target: ScrapingTarget
) -> None:
    job = rows.job(session, target, stats={"downloader/request_count": 7})
    answer = reading.get(f"/jobs/{job.id}/statistics")
    assert answer.json == {"stats": {"downloader/request_count": 7}}
    for part in ("", "/log", "/statistics", "/changes"):
        assert reading.get(f"/jobs/{uuid4()}{part}").status_code == 404
