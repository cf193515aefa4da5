"""Whatever is wrong with a request, it is told as a problem, and never as our own failure."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import pytest
from flask import Flask

from orchestrator import config
from orchestrator import database as storage
from orchestrator.ledger.models import ScrapingTarget
from tests.dashboard.api.conftest import V1, Program
from tests.dashboard.conftest import Browser

HUGE = "9" * 400


def problem(answer: Any) -> dict[str, Any]:
    assert answer.mimetype == "application/problem+json", answer.text
    told: dict[str, Any] = answer.json
    assert told["status"] == answer.status_code
    assert {"type", "title", "detail"} <= told.keys()
    return told


WRONG_PARAMETERS = [
    ("/targets?colour=red", "colour"),
    ("/me?x=1", "x"),
    ("/targets?limit=0", "limit"),
    ("/targets?limit=501", "limit"),
    (f"/jobs?limit={HUGE}", "limit"),
    ("/jobs?limit=ten", "limit"),
    ("/jobs?limit=1&limit=2", "limit"),
    ("/jobs?status=ended", "status.0"),
    ("/jobs?since=yesterday", "since"),
    ("/jobs?since=2026-01-31T03:30:00", "since"),
    ("/jobs?since=0001-01-01", "since"),
    ("/jobs?since=9999-12-31T23:59:59-23:59", "since"),
    ("/jobs?cursor=nonsense", "cursor"),
    ("/targets?text=%00", "text"),
    ("/targets/shop/items?q=%00", "q"),
    ("/targets/shop/items?job=1", "job"),
    (f"/targets/shop/items?q={'x' * 201}", "q"),
    ("/targets/shop/items/by-key", "key"),
    ("/changes?by=-1&field=price&move=fell", "by"),
    ("/changes?by=NaN&field=price&move=fell", "by"),
    (f"/schedules/preview?spread_seconds={HUGE}", "spread_seconds"),
]


@pytest.mark.usefixtures("target")
def test_a_parameter_that_is_wrong_is_named(reading: Program) -> None:
    for path, field in WRONG_PARAMETERS:
        answer = reading.get(path)
        assert answer.status_code == 422, path
        assert [each["field"] for each in problem(answer)["errors"]] == [field], path


def test_a_time_may_have_any_offset(reading: Program) -> None:
    # More than Postgres takes, and not escaped.
    for offset in ("-19:38", "+19:38", " 09:00", "Z"):
        assert reading.get(f"/jobs?since=2026-01-31T03:30:00{offset}").status_code == 200


def test_a_cursor_belongs_to_its_list_and_its_filters(reading: Program, operating: Program) -> None:
    for name in ("a", "b"):
        operating.post("/targets", {"name": name, "spider": "x"})
    cursor = reading.get("/targets?limit=1").json["next"]
    for path in ("/targets?text=b&", "/jobs?", "/schedules?"):
        assert reading.get(f"{path}cursor={cursor}").status_code == 422
    assert reading.get(f"/targets?cursor={cursor}x").status_code == 422
    assert reading.get(f"/targets?limit=7&cursor={cursor}").json["items"][0]["name"] == "b"


JSON = "application/json"
WRONG_BODIES = [
    (b"{}", "text/plain", 415),
    (b"{}", "", 415),
    (b"name=x", "application/x-www-form-urlencoded", 415),
    (b"", JSON, 400),
    (b"{", JSON, 400),
    (b'{"name": NaN}', JSON, 400),
    (b'{"name": "\xff"}', JSON, 400),
    (b'{"name": "\\ud800"}', JSON, 400),
    (b"[" * 100_000, JSON, 400),
    (b"[]", JSON, 422),
    (b"7", JSON, 422),
    (b'{"name": "\\u0000", "spider": "\\u0000"}', JSON, 422),
    (b'{"name": "x", "spider": "x", "priority": ' + b"9" * 4_000 + b"}", JSON, 422),
    (b'{"name": "x", "spider": "x", "arguments": {"a": "\\u0000"}}', JSON, 422),
    (b'{"\\u0000\\u001b": 1}', JSON, 422),
    (b" " * 1_000_001, JSON, 413),
]


def test_a_body_that_is_wrong_is_refused(operating: Program) -> None:
    for sent, content_type, status in WRONG_BODIES:
        answer = operating.ask("POST", "/targets", data=sent, content_type=content_type)
        assert answer.status_code == status, sent[:100]
        problem(answer)


def test_a_body_that_does_not_say_its_length_is_bounded_too(operating: Program) -> None:
    answer = operating.ask(
        "POST",
        "/targets",
        input_stream=BytesIO(b" " * 1_000_001),
        content_type=JSON,
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert problem(answer)["status"] == 413


def test_a_body_where_none_is_needed_is_checked_if_it_is_there(
    operating: Program, target: ScrapingTarget
) -> None:
    for body in ({"urgently": "yes"}, {"colour": 1}):
        answer = operating.post("/targets/shop/jobs", body)
        assert answer.status_code == 422
        assert [each["field"] for each in problem(answer)["errors"]] == list(body)


def test_addresses_and_methods_that_are_not_there(reading: Program) -> None:
    for path in (
        "/nowhere",
        "/targets/%00",
        "/targets/%ff",
        "/jobs/1",
        "/items/-1",
        "/",
        "/targets/",
    ):
        assert problem(reading.get(path))["status"] == 404
    refused = reading.ask("PUT", "/targets")
    assert problem(refused)["status"] == 405
    assert set(refused.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST"}


@contextmanager
def failing(app: Flask) -> Iterator[None]:
    """A route of the API whose view has a defect."""
    api = app.extensions["kumo_api"]
    view, api.view_functions["installation.me"] = api.view_functions["installation.me"], None
    yield
    api.view_functions["installation.me"] = view


def test_a_defect_of_ours_is_told_without_its_inside(app: Flask, reading: Program) -> None:
    with failing(app):
        answer = reading.get("/me")
    assert answer.status_code == 500
    assert "NoneType" not in problem(answer)["detail"]


def test_without_the_database_a_program_is_told_to_come_back(
    reading: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://kumo@127.0.0.1:1/kumo")
    config.get.cache_clear()
    storage.engine.cache_clear()
    answer = reading.get("/me")
    storage.engine.cache_clear()
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert problem(answer)["type"] == "urn:kumo:problem:database-away"


def test_pages_and_api_lie_beside_each_other(viewer: Browser, reading: Program) -> None:
    assert viewer.get(f"{V1}/docs").status_code == 200
    assert viewer.get("/api/v1x").mimetype == "text/html"
    shown = {"Authorization": f"Bearer {reading.token}"}
    assert reading.client.get(f"{V1}/docs", headers=shown).status_code == 200
    assert reading.client.get("/targets", headers=shown).status_code == 302
