from collections.abc import Iterator
from uuid import uuid4

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from dashboard.gate import OPEN, needed_role
from orchestrator.ledger.models import JobStatus, Role, ScrapingJob, ScrapingTarget
from tests.dashboard import rows
from tests.dashboard.conftest import Browser

VALUES = {
    "filename": "kumo.css",
    "target_id": 1,
    "job_id": uuid4(),
    "item_id": 1,
    "export_id": uuid4(),
    "code": "ja",
}


def routes(app: Flask) -> Iterator[tuple[Rule, str, str]]:
    """Every rule with every method it takes, and an address that fits it."""
    for rule in app.url_map.iter_rules():
        built = rule.build({name: VALUES[name] for name in rule.arguments if name in VALUES})
        assert built, rule
        for method in sorted(rule.methods or ()):
            yield rule, method, built[1]


def test_every_route_refuses_a_stranger_unless_it_is_listed(app: Flask, stranger: Browser) -> None:
    refused = 0
    for rule, method, path in routes(app):
        if rule.endpoint in OPEN:
            continue
        answer = stranger.client.open(path, method=method)
        assert answer.status_code in (302, 303), (rule, method, answer.status)
        assert answer.location.startswith("/sign-in"), (rule, method)
        refused += 1
    assert refused > 20


def test_an_address_that_does_not_exist_tells_a_stranger_nothing(stranger: Browser) -> None:
    assert stranger.get("/users").location == "/sign-in?next=/users"


def test_only_what_must_be_open_is(app: Flask) -> None:
    opened = {rule.rule for rule, _, _ in routes(app) if rule.endpoint in OPEN}
    assert opened == {
        "/static/<path:filename>",
        "/bootstrap/static/<path:filename>",
        "/sign-in",
        "/healthz",
        "/readyz",
        "/language/<code>",
    }


def test_a_viewer_is_refused_every_change_but_to_sign_out(app: Flask, viewer: Browser) -> None:
    refused = set()
    for rule, method, path in routes(app):
        if method == "POST" and rule.endpoint not in OPEN | {"sign_in.leave", "exports.take"}:
            assert viewer.post(path).status_code == 403, rule
            refused.add(rule.endpoint)
    assert {"targets.run", "targets.run_all", "jobs.cancel", "jobs.retry"} <= refused


def test_a_viewer_may_read_every_page(
    app: Flask, viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    job = rows.job(session, target)
    for path in ("/targets", f"/targets/{target.id}", "/jobs", f"/jobs/{job.id}"):
        assert viewer.get(path).status_code == 200
        assert "/run" not in viewer.get(path).text
        assert "/retry" not in viewer.get(path).text


def test_a_change_without_a_mark_is_for_admins(app: Flask) -> None:
    app.view_functions["unmarked"] = lambda: ""
    with app.app_context():
        assert needed_role("unmarked", "POST") is Role.ADMIN
        assert needed_role("unmarked", "GET") is Role.VIEWER


def test_reading_changes_nothing(app: Flask, operator: Browser, session: Session) -> None:
    target = rows.target(session)
    rows.job(session, target, JobStatus.RUNNING)
    before = session.execute(select(func.count(), func.max(ScrapingJob.status))).one()
    for rule, method, path in routes(app):
        if method in ("GET", "HEAD", "OPTIONS"):
            with operator.client.open(path, method=method) as answer:
                assert answer.status_code < 500, rule
    assert session.execute(select(func.count(), func.max(ScrapingJob.status))).one() == before


def test_no_change_counts_without_its_token(app: Flask, operator: Browser) -> None:
    for rule, method, path in routes(app):
        if method == "POST":
            for data in ({}, {"csrf_token": "forged"}):
                answer = operator.client.post(path, data=data)
                assert answer.status_code == 400, rule
                assert "the press did not count" in answer.text


def test_a_press_after_the_session_ended_leads_to_sign_in_and_says_so(
    stranger: Browser, target: ScrapingTarget, session: Session
) -> None:
    answer = stranger.post(f"/targets/{target.id}/run", follow_redirects=True)
    assert "nothing was changed" in answer.text
    assert session.scalar(select(func.count()).select_from(ScrapingJob)) == 0


def test_a_session_that_names_nobody_is_no_session(stranger: Browser) -> None:
    for forged in ("1", "1.", "x.0", "1.999999999999999999999", "99999999999.0"):
        with stranger.client.session_transaction() as cookie:
            cookie["_user_id"] = forged
        assert stranger.get("/targets").status_code == 302, forged
