"""Who may ask what: every route with every method, by token and by session."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from dashboard import create_app
from dashboard.api.routes import Routes
from orchestrator import config
from orchestrator.ledger import people, tokens
from orchestrator.ledger.models import Role, Scope, ScrapingJob, ScrapingTarget
from orchestrator.ledger.tokens import ROLES
from tests.dashboard import rows
from tests.dashboard.api.conftest import V1, Program, made
from tests.dashboard.conftest import Browser
from tests.dashboard.test_gate import stored
from tests.orchestrator.ledger import given

#: What each scope may at the least; a new route is placed here.
LEAST = {
    Scope.READ: {
        "changes.index",
        "changes.of_job",
        "installation.health",
        "installation.list_workers",
        "installation.me",
        "installation.openapi",
        "items.by_key",
        "items.export",
        "items.life",
        "items.of_target",
        "items.one",
        "jobs.index",
        "jobs.log",
        "jobs.of_target",
        "jobs.one",
        "jobs.statistics",
        "schedules.index",
        "schedules.preview",
        "targets.index",
        "targets.one",
    },
    Scope.OPERATE: {
        "jobs.accept",
        "jobs.cancel",
        "jobs.discard",
        "jobs.pause",
        "jobs.resume",
        "jobs.retry",
        "jobs.start",
        "jobs.undo",
        "targets.add",
        "targets.change",
        "targets.delete",
    },
    Scope.ADMIN: set(),
}
VALUES = {"target": "shop", "job_id": uuid4(), "item_id": 1, "kind": "csv"}
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PURGE")
CHANGES = {"POST", "PATCH", "DELETE"}


def address(rule: Rule) -> str:
    built = rule.build({name: VALUES[name] for name in rule.arguments})
    assert built, rule
    return V1 + built[1]


def routes(app: Flask) -> Iterator[tuple[Rule, str, str]]:
    """Every rule with every method it takes, and an address that fits it."""
    for rule in app.extensions["kumo_api"].url_map.iter_rules():
        for method in sorted(rule.methods or ()):
            yield rule, method, address(rule)


def test_every_route_is_placed(app: Flask) -> None:
    endpoints = {rule.endpoint for rule, _, _ in routes(app)}
    assert endpoints == set().union(*LEAST.values())
    assert sum(map(len, LEAST.values())) == len(endpoints)


def test_a_stranger_is_refused_whatever_they_ask(app: Flask, stranger: Browser) -> None:
    asked = {path for _, _, path in routes(app)} | {V1, f"{V1}/", f"{V1}/nowhere", f"{V1}/docs/"}
    for path in asked:
        for method in METHODS:
            answer = stranger.client.open(path, method=method)
            assert answer.status_code == 401, (path, method)
            assert answer.headers["WWW-Authenticate"] == "Bearer realm=kumo"
            assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("scope", Scope)
def test_a_scope_opens_what_is_placed_for_it_and_nothing_else(app: Flask, scope: Scope) -> None:
    program = Program(app.test_client(), made(scope))
    ranks = list(Scope)
    opened = set().union(*(LEAST[each] for each in ranks[: ranks.index(scope) + 1]))
    for rule, method, path in routes(app):
        with program.ask(method, path) as answer:
            refused = answer.status_code == 403
            assert refused == (rule.endpoint not in opened), (rule, method, answer.status)
            assert answer.status_code not in (401, 500), (rule, method)


def test_a_session_opens_what_its_role_may_and_changes_nothing_without_its_token(
    app: Flask, viewer: Browser, operator: Browser, target: ScrapingTarget, session: Session
) -> None:
    before = stored(session)
    for rule, method, path in routes(app):
        if method in CHANGES:
            for browser in (viewer, operator):
                for forged in ({}, {"X-CSRFToken": "forged"}):
                    answer = browser.client.open(path, method=method, headers=forged, json={})
                    assert answer.status_code == 403, (rule, method)
        elif rule.endpoint != "items.export":
            assert viewer.client.open(path, method=method).status_code in (200, 404, 422)
    assert stored(session) == before
    token = {"X-CSRFToken": operator.token}
    started = operator.client.post(f"{V1}/targets/shop/jobs", headers=token)
    assert started.status_code == 201
    assert (
        viewer.client.post(
            f"{V1}/targets/shop/jobs", headers={"X-CSRFToken": viewer.token}
        ).status_code
        == 403
    )


def test_a_token_that_is_shown_decides_alone(app: Flask, admin: Browser) -> None:
    wrong = {"Authorization": "Bearer kumo_wrong", "X-CSRFToken": admin.token}
    assert admin.client.get(f"{V1}/me", headers=wrong).status_code == 401
    reading = {"Authorization": f"Bearer {made(Scope.READ)}", "X-CSRFToken": admin.token}
    assert admin.client.get(f"{V1}/me", headers=reading).json["scope"] == "read"
    assert admin.client.post(f"{V1}/targets", headers=reading, json={}).status_code == 403


NO_TOKENS = (
    "",
    "kumo_x",
    "Bearer",
    "Bearer ",
    "Basic YTpi",
    "Bearer a b",
    "Bearer \xff",
    "x" * 999,
)


def test_what_is_no_token_is_refused(stranger: Browser) -> None:
    for shown in NO_TOKENS:
        answer = stranger.client.get(f"{V1}/me", headers={"Authorization": shown})
        assert answer.status_code == 401, shown


def test_a_change_of_its_person_counts_for_a_token_at_once(
    app: Flask, session: Session, target: ScrapingTarget
) -> None:
    person = given.a_person("ada", role=Role.ADMIN)
    program = Program(app.test_client(), made(Scope.ADMIN, of="ada"))
    assert program.get("/me").json["scope"] == "admin"
    people.change_role(session, person, Role.VIEWER)
    assert program.get("/me").json["scope"] == "read"
    assert program.post("/targets/shop/jobs").status_code == 403
    people.remove(session, person)
    assert program.get("/me").status_code == 401
    revoked = Program(app.test_client(), made(Scope.READ))
    tokens.revoke(session, tokens.everyones(session)[0][0].id)
    assert revoked.get("/me").status_code == 401
    assert session.scalar(select(func.count()).select_from(ScrapingJob)) == 0


def test_many_wrong_tokens_have_to_wait_and_a_right_one_does_not(
    stranger: Browser, reading: Program
) -> None:
    wrong = {"Authorization": "Bearer kumo_wrong"}
    answers = [stranger.client.get(f"{V1}/me", headers=wrong) for _ in range(31)]
    assert [each.status_code for each in answers] == [401] * 30 + [429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert reading.get("/me").status_code == 200


@pytest.mark.usefixtures("app")
def test_without_redis_wrong_tokens_are_counted_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    config.get.cache_clear()
    stranger = create_app().test_client()
    wrong = {"Authorization": "Bearer kumo_wrong"}
    statuses = [stranger.get(f"{V1}/me", headers=wrong).status_code for _ in range(31)]
    assert statuses == [401] * 30 + [429]


def test_a_route_that_does_not_say_whom_it_is_for_is_for_admins() -> None:
    routes = Routes("things", "Things.")
    routes.add("GET", "/things", answers={})(lambda: None)
    assert routes.all[0].needs is Role.ADMIN


def test_reading_changes_nothing(app: Flask, session: Session, target: ScrapingTarget) -> None:
    job = rows.job(session, target)
    item = rows.item(session, job, {"name": "pen"})
    program = Program(app.test_client(), made(Scope.ADMIN))
    program.get("/me")
    values = VALUES | {"job_id": job.id, "item_id": item.id}
    before = stored(session)
    for rule, method, _ in routes(app):
        if method in ("GET", "HEAD") and rule.endpoint != "items.export":
            built = rule.build({name: values[name] for name in rule.arguments})
            assert built
            assert program.ask(method, built[1]).status_code in (200, 404, 422), rule
    assert stored(session) == before


def test_the_scopes_are_those_of_the_tokens() -> None:
    assert set(ROLES) == set(LEAST)
