import re

from sqlalchemy.orm import Session

from orchestrator.ledger.models import ScrapingTarget
from tests.dashboard import rows
from tests.dashboard.conftest import Browser


def test_every_answer_forbids_foreign_content_frames_and_caches(viewer: Browser) -> None:
    for path in ("/sign-in", "/targets", "/jobs", "/nowhere", "/healthz"):
        headers = viewer.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"


def test_a_stranger_is_given_the_same_headers(stranger: Browser) -> None:
    answer = stranger.get("/targets")
    assert answer.status_code == 302
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


def test_static_files_may_be_cached(stranger: Browser) -> None:
    with stranger.client.get("/static/kumo.css") as answer:
        assert answer.headers["Cache-Control"] != "no-store"
        assert answer.headers["ETag"]


def test_no_page_needs_what_the_policy_forbids(viewer: Browser, session: Session) -> None:
    jobs = rows.fill(session)
    target = session.get_one(ScrapingTarget, jobs["completed"].target_id)
    paths = ["/sign-in", "/targets", f"/targets/{target.id}", "/jobs", "/nowhere"]
    for path in paths + [f"/jobs/{job.id}" for job in jobs.values()]:
        text = viewer.get(path).text
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]* src=)", text), path
        assert not re.search(r"<(?:script|link|img)[^>]+(?:src|href)=\"(?!/)", text), path
