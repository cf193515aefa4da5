import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jinja2 import nodes
from sqlalchemy.orm import Session

from dashboard.languages import LANGUAGE_COOKIE, ZONE_COOKIE
from orchestrator.ledger import targets
from orchestrator.ledger.models import JobStatus
from tests.dashboard import rows
from tests.dashboard.conftest import Browser

_TEMPLATES = Path("dashboard/templates")
#: What a drawing may ask of the app: the same for each reader of a language and zone.
_SHARED = {"_", "ngettext", "url_for", "loop", "dict"}


@contextmanager
def reading(app: Flask, zone: str = "", language: str = "en", root: str = "") -> Iterator[Any]:
    cookies = f"{ZONE_COOKIE}={zone}; {LANGUAGE_COOKIE}={language}"
    environ = {"SCRIPT_NAME": root}
    with app.test_request_context(headers={"Cookie": cookies}, environ_overrides=environ):
        yield app.jinja_env.globals["once"]


@pytest.fixture
def drawn(app: Flask) -> Any:
    """A macro that tells how often it drew what."""
    app.jinja_env.globals["drew"] = drew = Counter[Any]()
    source = (
        "{% macro sample(value) %}{{ drew.update([value]) or '' }}<b>{{ value }}</b>{% endmacro %}"
    )
    macro = app.jinja_env.from_string(source).module.sample  # type: ignore[attr-defined]
    macro.drew = drew
    return macro


def test_the_same_is_drawn_once(app: Flask, drawn: Any) -> None:
    for _ in range(3):
        with reading(app) as once:
            assert once(drawn, "one") == "<b>one</b>"
            assert once(drawn, "<two>") == "<b>&lt;two&gt;</b>"
    assert drawn.drew == {"one": 1, "<two>": 1}


@pytest.mark.parametrize(
    "reader", [{"language": "ja"}, {"zone": "Asia/Tokyo"}, {"root": "/kumo"}], ids=str
)
def test_it_is_drawn_anew_for(reader: dict[str, str], app: Flask, drawn: Any) -> None:
    for each in ({}, reader, {}, reader):
        with reading(app, **each) as once:
            once(drawn, "one")
    assert drawn.drew == {"one": 2}


def test_a_drawing_shows_nothing_but_what_it_is_handed(app: Flask) -> None:
    """Then nothing that could make it look different is missing in its key."""
    names = Counter[str]()
    for path in _TEMPLATES.rglob("*.html"):
        tree = app.jinja_env.parse(path.read_text())
        calls = [
            call for call in tree.find_all(nodes.Call) if _name(call.node) in ("once", "drawn")
        ]
        for name in {_name(call.args[0]) for call in calls}:
            names[name] += 1
            (macro,) = (each for each in tree.find_all(nodes.Macro) if each.name == name)
            assert not _asked(macro) - _known(tree, macro) - _SHARED, f"{name} in {path}"
    assert names.total() >= 5
    assert set(names.values()) == {1}, "their names are their keys"


def _name(node: nodes.Node) -> str:
    return node.name if isinstance(node, nodes.Name) else ""


def _asked(macro: nodes.Macro) -> set[str]:
    return {each.name for each in macro.find_all(nodes.Name) if each.ctx == "load"}


def _known(tree: nodes.Template, macro: nodes.Macro) -> set[str]:
    own = {each.name for each in macro.find_all(nodes.Name) if each.ctx != "load"}
    words = {_name(each.target) for each in tree.find_all(nodes.Assign) if each in tree.body}
    imported = {name for each in tree.find_all(nodes.FromImport) for name in each.names}
    return own | words | imported


def test_a_row_changes_with_all_that_it_shows(viewer: Browser, session: Session) -> None:
    shop = rows.target(session)
    job = rows.job(session, shop, JobStatus.RUNNING, items_scraped=7)
    shown = []
    for change in (
        {"items_scraped": 8},
        {"items_gone": 2},
        {"errors": 3},
        {"status": JobStatus.PAUSED},
        {"queued_at": job.queued_at - timedelta(hours=3)},
    ):
        shown.append(viewer.get("/jobs").text)
        for name, value in change.items():
            setattr(job, name, value)
        session.flush()
    shown.append(viewer.get("/jobs").text)
    assert len({each.partition("<tbody>")[2] for each in shown}) == 6


def test_a_target_that_is_deleted_is_so_in_the_rows_of_its_jobs(
    viewer: Browser, session: Session
) -> None:
    shop = rows.target(session)
    rows.job(session, shop)
    session.flush()
    assert f'href="/targets/{shop.id}"' in viewer.get("/jobs").text
    targets.delete(session, shop)
    session.flush()
    page = viewer.get("/jobs").text
    assert "(deleted)" in page
    assert f'href="/targets/{shop.id}"' not in page


def test_a_row_is_each_readers_own(operator: Browser, viewer: Browser, session: Session) -> None:
    rows.job(session, rows.target(session))
    session.flush()
    for path in ("/jobs", "/targets"):
        for _ in range(2):
            assert 'type="checkbox"' in operator.get(path).text.partition("<tbody>")[2]
            assert 'type="checkbox"' not in viewer.get(path).text.partition("<tbody>")[2]
    viewer.client.set_cookie(LANGUAGE_COOKIE, "ja")
    viewer.client.set_cookie(ZONE_COOKIE, "Asia/Tokyo")
    assert "完了" in (page := viewer.get("/jobs").text)
    assert "JST" in page
    assert "Completed" in operator.get("/jobs").text


def test_the_menu_is_of_its_page_and_its_reader(admin: Browser, viewer: Browser) -> None:
    for path in ("/jobs", "/sites"):
        for browser in (admin, viewer, admin):
            page = browser.get(path).text
            assert ('href="/people"' in page) is (browser is admin)
            assert re.findall(r'href="(\S+)" aria-current="page"', page) == [path]


def test_the_form_of_filters_shows_what_this_reader_chose(viewer: Browser) -> None:
    for _ in range(2):
        page = viewer.get("/jobs?target=%3Cb%3E&status=failed&trigger=beat&to=2026-11-26").text
        chosen = re.findall(r'value="([^"]*)" (?:checked|selected)', page)
        assert chosen == ["beat", "failed"]
        assert 'value="&lt;b&gt;"' in page
        assert 'value="2026-11-26"' in page
        assert not re.search(r"checked|selected|&lt;b|2026-11-26", viewer.get("/jobs").text)
