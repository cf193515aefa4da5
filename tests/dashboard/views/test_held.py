"""Readers see the last good state while a job is held; a person looks, decides and undoes."""

import re
import uuid

import pytest
from flask import Flask

from orchestrator.ledger import search
from orchestrator.ledger.models import Publication
from tests.dashboard.conftest import Browser
from tests.dashboard.views.test_exports import taken
from tests.orchestrator.ledger import given
from tests.orchestrator.ledger.runs import run

pytestmark = pytest.mark.judging

GOOD = {
    "a": {"name": "Oak stool", "price": 49.5},
    "b": {"name": "Oak table", "price": 249},
    "c": {"name": "万年筆", "price": 39},
}
BAD = {
    "a": {"name": "Oak stool"},
    "b": {"name": "Please sign in", "price": None},
    "d": {"name": "Oak chair", "price": 9},
}
_VIEWS = ("", "?q=oak", "?q=sign", "?field=price&is=greater&value=40", "?sort=data.price")


@pytest.fixture
def target_id(app: Flask) -> int:
    target_id = given.a_target()
    run(target_id, GOOD)
    return target_id


@pytest.fixture
def held(target_id: int) -> uuid.UUID:
    return run(target_id, BAD, believed=False)


def read(browser: Browser, target_id: int) -> dict[str, bytes | str]:
    """All that a reader can take away, but for when items were last seen, which stays a fact."""
    given.execute("UPDATE scraped_items SET last_seen_at = '2026-11-01'")
    search.catch_up()
    told: dict[str, bytes | str] = {}
    for view in _VIEWS:
        page = browser.get(f"/targets/{target_id}/items{view}").text
        table = re.search(r"<tbody>.*</tbody>", page, re.DOTALL)
        told[view] = re.sub(r">[^<]*</time>", ">", table[0] if table else "none")
    for kind in ("csv", "jsonl"):
        told[kind] = taken(browser, f"/targets/{target_id}/export", kind)
    for (item_id,) in given.execute("SELECT id FROM scraped_items ORDER BY id"):
        told[str(item_id)] = browser.get(f"/items/{item_id}.json").data
    return told


def test_readers_get_the_same_bytes_before_and_after_it_is_held_discarded_and_undone(
    operator: Browser, target_id: int
) -> None:
    before = read(operator, target_id)
    job_id = run(target_id, BAD, believed=False)
    assert read(operator, target_id) == before
    operator.post(f"/jobs/{job_id}/discard")
    assert read(operator, target_id) == before
    operator.post(f"/jobs/{job_id}/undo")
    operator.post(f"/jobs/{job_id}/accept")
    accepted = read(operator, target_id)
    assert b"Please sign in" in accepted["jsonl"]  # type: ignore[operator]
    operator.post(f"/jobs/{job_id}/undo")
    assert read(operator, target_id) == before
    actions = given.execute(
        "SELECT who, action FROM audit_log WHERE action LIKE 'job.%' ORDER BY id"
    )
    verbs = ("discard", "undo", "accept", "undo")
    assert actions == [("operator", f"job.{verb}") for verb in verbs]


def test_home_the_job_its_target_and_its_items_say_what_is_held(
    viewer: Browser, target_id: int, held: uuid.UUID
) -> None:
    leads = f"/jobs/{held}/held"
    assert "its changes wait until somebody accepts" in viewer.get("/").text
    for path in ("/", f"/jobs/{held}", f"/targets/{target_id}", f"/targets/{target_id}/items"):
        assert leads in viewer.get(path).text
    assert "1 new, 2 changed, 1 gone" in viewer.get(f"/jobs/{held}").text


def test_what_would_change_is_shown_by_kind(viewer: Browser, held: uuid.UUID) -> None:
    new = viewer.get(f"/jobs/{held}/held").text
    assert "Oak chair" in new
    assert "Oak table" not in new
    changed = viewer.get(f"/jobs/{held}/held?kind=changed").text
    assert re.search(r"<bdi>49.5</bdi></td><td>\s*<span[^>]*>nothing</span>", changed)
    assert "Please sign in" in changed
    missing = viewer.get(f"/jobs/{held}/held?kind=missing").text
    assert "万年筆" in missing
    behind = viewer.get(f"/jobs/{held}/held?kind=new&after=999999999999999999")
    assert (behind.status_code, "Oak chair" in behind.text) == (200, False)


def test_a_viewer_decides_nothing(viewer: Browser, held: uuid.UUID) -> None:
    assert f"/jobs/{held}/accept" not in viewer.get(f"/jobs/{held}").text
    assert viewer.post(f"/jobs/{held}/accept").status_code == 403
    assert given.job(held).publication is Publication.HELD


def test_who_comes_second_is_told_who_was_first(operator: Browser, held: uuid.UUID) -> None:
    operator.post(f"/jobs/{held}/discard")
    late = operator.post(f"/jobs/{held}/accept", follow_redirects=True).text
    assert "are discarded already, by operator" in late
    assert "It can be undone until" in late
    assert f"/jobs/{held}/undo" in late


def test_a_job_of_which_nothing_was_held_has_no_such_page(viewer: Browser, target_id: int) -> None:
    job_id = run(target_id, GOOD)
    answer = viewer.get(f"/jobs/{job_id}/held")
    assert answer.headers["Location"] == f"/jobs/{job_id}"
    assert viewer.get(f"/jobs/{uuid.uuid4()}/held").status_code == 404
