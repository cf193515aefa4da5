from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from orchestrator import config
from orchestrator import database as storage
from orchestrator.exceptions import OrchestratorError
from orchestrator.ledger.models import JobStatus, ScrapingTarget
from tests.dashboard import rows
from tests.dashboard.conftest import Browser

MANGLED = [
    "/jobs/not-a-uuid",
    "/targets/99999999999999999999999999",
    "/targets/-1",
    "/targets/%00",
    "/jobs?target=%00",
    "/jobs?target=" + "9" * 400,
    "/jobs?target=../../etc",
    "/jobs?status=%00",
    "/jobs?status=finished",
    "/jobs?older=yesterday",
    "/jobs?older=99999999999999999-" + "f" * 32,
    "/jobs?newer=99999999999999999-" + "f" * 32,
    "/jobs?newer=1-2&older=%F0%9F",
    "/jobs?older=\u0661-" + "f" * 32,
    "/sign-in?next=" + "/x" * 3_000,
    "/targets?%FF=%FE",
]


def names_nothing(browser: Browser, path: str, *, status: int, sentence: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == status, path
    assert sentence in answer.text


def test_what_does_not_exist_is_said_so(viewer: Browser) -> None:
    names_nothing(viewer, "/nowhere", status=404, sentence="nothing at this address")
    names_nothing(viewer, "/targets/77", status=404, sentence="There is no target")
    job_id = uuid4()
    names_nothing(viewer, f"/jobs/{job_id}", status=404, sentence=f"There is no job {job_id}.")


def test_a_mangled_address_is_no_failure_of_ours(viewer: Browser) -> None:
    for path in MANGLED:
        assert viewer.get(path).status_code in (200, 302, 404, 422), path


def test_a_place_that_is_none_is_answered_in_a_sentence(viewer: Browser) -> None:
    names_nothing(viewer, "/jobs?older=x", status=422, sentence="names no place in the list")


def test_an_unknown_status_is_answered_with_those_that_exist(viewer: Browser) -> None:
    names_nothing(viewer, "/jobs?status=done", status=422, sentence="pending, running, paused")


def test_a_wrong_method_names_the_right_one(viewer: Browser) -> None:
    answer = viewer.get("/targets/run-all")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_a_request_that_is_too_large_is_not_read(operator: Browser) -> None:
    answer = operator.post("/targets/run-all", {"next": "x" * 2_000_000})
    assert answer.status_code == 413
    assert "too large" in answer.text


def test_a_form_with_too_many_parts_is_not_read(operator: Browser) -> None:
    fields = {f"field{number}": "x" for number in range(500)}
    answer = operator.post("/targets/run-all", fields, content_type="multipart/form-data")
    assert answer.status_code == 413


def test_a_button_on_a_page_that_is_out_of_date_leads_back_and_says_why(
    operator: Browser, session: Session, target: ScrapingTarget
) -> None:
    job = rows.job(session, target, JobStatus.COMPLETED)
    for change in ("cancel", "pause", "resume"):
        answer = operator.post(f"/jobs/{job.id}/{change}", follow_redirects=True)
        assert answer.request.path == f"/jobs/{job.id}"
        assert f"Job {job.id} is completed and cannot be" in answer.text


def away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://kumo@127.0.0.1:1/kumo")
    config.get.cache_clear()
    storage.engine.cache_clear()


def test_without_its_database_every_page_is_a_plain_503(
    viewer: Browser, target: ScrapingTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = storage.engine()
    away(monkeypatch)
    for path in ("/", "/targets", "/jobs", f"/targets/{target.id}", "/sign-in"):
        names_nothing(viewer, path, status=503, sentence="The database does not answer")
    assert viewer.get("/healthz").status_code == 200
    engine.dispose()


def test_without_tables_the_page_says_how_to_make_them(viewer: Browser, session: Session) -> None:
    session.connection().exec_driver_sql("ALTER TABLE users RENAME TO people")
    names_nothing(viewer, "/targets", status=503, sentence="run `kumo migrate`")


def test_a_failure_of_ours_is_a_sentence_and_no_traceback(app: Flask, viewer: Browser) -> None:
    def fail() -> str:
        raise RuntimeError("the secret inside")

    app.view_functions["jobs.index"] = fail
    app.config["PROPAGATE_EXCEPTIONS"] = False
    answer = viewer.get("/jobs")
    assert answer.status_code == 500
    assert "it has been logged" in answer.text
    assert "secret" not in answer.text


def test_every_error_raised_on_purpose_has_a_sentence_of_its_own(
    app: Flask, viewer: Browser
) -> None:
    def refuse() -> str:
        raise OrchestratorError("The <moon> is in the way.")

    app.view_functions["jobs.index"] = refuse
    answer = viewer.get("/jobs")
    assert answer.status_code == 500
    assert "The &lt;moon&gt; is in the way." in answer.text
