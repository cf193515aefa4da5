from collections.abc import Iterator
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select, text
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
    "user_id": 1,
    "token_id": 1,
    "code": "ja",
    "channel_id": 1,
    "rule_id": 1,
    "filter_id": 1,
    "feed_id": 1,
    "token": "nonsense",
    "draft_id": uuid4(),
    "number": 0,
    "field": "price",
    "place": 0,
}
#: Who may come where at the least; a new view is placed here.
LEAST = {
    Role.VIEWER: {
        "account.change_password",
        "account.index",
        "account.make_token",
        "changes.index",
        "changes.make_feed",
        "changes.saved",
        "changes.see",
        "changes.take",
        "changes.withdraw_feed",
        "exports.one",
        "exports.take",
        "held.of_job",
        "fields.one",
        "fields.page_file",
        "home.index",
        "items.list_all",
        "items.of_target",
        "items.one",
        "items.whole",
        "jobs.index",
        "jobs.log_file",
        "jobs.one",
        "metrics.show",
        "reference.index",
        "schedules.preview",
        "sites.index",
        "sign_in.leave",
        "targets.index",
        "targets.one",
        "tokens.revoke",
        "workers.answers",
        "workers.index",
    },
    Role.OPERATOR: {
        "changes.remove",
        "changes.save",
        "drafts.again",
        "drafts.blank",
        "drafts.edit",
        "drafts.look",
        "drafts.new",
        "drafts.of_target",
        "drafts.one",
        "drafts.preview",
        "drafts.save",
        "drafts.use",
        "held.accept",
        "held.discard",
        "held.undo",
        "fields.ask",
        "jobs.ask_many",
        "jobs.cancel",
        "jobs.pause",
        "jobs.resume",
        "jobs.retry",
        "sites.edit",
        "sites.forget",
        "sites.save",
        "targets.checked",
        "targets.delete",
        "targets.deletion",
        "targets.edit",
        "targets.new",
        "targets.run",
        "targets.run_all",
        "targets.run_urgently",
        "targets.switch",
    },
    Role.ADMIN: {
        "alerts.add",
        "alerts.add_rule",
        "alerts.change",
        "alerts.index",
        "alerts.new",
        "alerts.one",
        "alerts.remove",
        "alerts.remove_rule",
        "alerts.renew_secret",
        "alerts.test",
        "audit_log.index",
        "people.add",
        "people.ask",
        "people.change_role",
        "people.index",
        "people.one",
        "people.remove",
        "people.set_password",
        "tokens.index",
    },
}
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE")


def address(rule: Rule) -> str:
    built = rule.build({name: VALUES[name] for name in rule.arguments if name in VALUES})
    assert built, rule
    return built[1]


def routes(app: Flask) -> Iterator[tuple[Rule, str, str]]:
    """Every rule with every method it takes, and an address that fits it."""
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods or ()):
            yield rule, method, address(rule)


def test_every_view_is_placed(app: Flask) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert endpoints - OPEN == set().union(*LEAST.values())
    assert sum(len(placed) for placed in LEAST.values()) == len(endpoints - OPEN)


def test_a_stranger_is_sent_to_sign_in_whatever_they_ask(app: Flask, stranger: Browser) -> None:
    rules = list(app.url_map.iter_rules())
    asked = {(address(rule), method) for rule in rules for method in METHODS}
    opened = {(path, method) for rule, method, path in routes(app) if rule.endpoint in OPEN}
    for path, method in asked - opened:
        answer = stranger.client.open(path, method=method)
        if path == "/metrics" and method in ("GET", "HEAD", "OPTIONS"):
            # A program would take the page to sign in for its answer.
            assert answer.status_code == 401
            continue
        assert answer.status_code in (302, 303), (path, method, answer.status)
        assert answer.location.startswith("/sign-in"), (path, method)
    assert len(asked - opened) > 250


@pytest.mark.parametrize("role", Role)
def test_a_role_opens_what_is_placed_for_it_and_nothing_else(app: Flask, role: Role) -> None:
    browser = Browser(app.test_client())
    browser.sign_in(role)
    ranks = list(Role)
    opened = {
        endpoint
        for least, placed in LEAST.items()
        if ranks.index(least) <= ranks.index(role)
        for endpoint in placed
    }
    for rule, method, path in routes(app):
        if rule.endpoint in OPEN:
            continue
        with browser.client.open(path, method=method) as answer:
            refused = answer.status_code == 403
            assert refused == (rule.endpoint not in opened), (rule, method, answer.status)
            # Signed out it would be sent away.
            assert "/sign-in" not in answer.headers.get("Location", ""), (rule, method)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PURGE"])
def test_no_other_method_does_anything(app: Flask, admin: Browser, method: str) -> None:
    for rule in app.url_map.iter_rules():
        assert admin.client.open(address(rule), method=method).status_code == 405, rule


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
        "/feeds/<token>.rss",
        "/feeds/<token>.json",
    }


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


def stored(session: Session) -> dict[str, str]:
    """A digest of every table."""
    tables = session.scalars(
        text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    ).all()
    digest = "SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {} t"
    return {table: session.scalar(text(digest.format(table))) or "" for table in tables}


def test_reading_changes_nothing(app: Flask, admin: Browser, session: Session) -> None:
    target = rows.target(session)
    job = rows.job(session, target, JobStatus.RUNNING)
    item = rows.item(session, job, {"name": "pen"})
    VALUES.update(target_id=target.id, job_id=job.id, item_id=item.id)
    before = stored(session)
    for rule, method, path in routes(app):
        if method in ("GET", "HEAD", "OPTIONS"):
            with admin.client.open(path, method=method) as answer:
                assert answer.status_code < 500, rule
    assert stored(session) == before


def test_no_change_counts_without_its_token(
    app: Flask, admin: Browser, session: Session, target: ScrapingTarget
) -> None:
    VALUES.update(target_id=target.id, job_id=rows.job(session, target).id)
    before = stored(session)
    for rule, method, path in routes(app):
        if method == "POST":
            for data in ({}, {"csrf_token": "forged"}):
                answer = admin.client.post(path, data=data)
                assert answer.status_code == 400, rule
                assert "the press did not count" in answer.text
    assert stored(session) == before


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
