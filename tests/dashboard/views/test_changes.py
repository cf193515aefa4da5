"""The pages of changes, saved filters, and feeds by a token."""

import csv
import io
import re
import uuid
from typing import Any
from xml.etree import ElementTree

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from orchestrator.ledger.models import AlertRule, SavedFilter
from tests.dashboard.conftest import Browser
from tests.orchestrator.ledger import given
from tests.orchestrator.ledger.test_changes import crawl, pen

HOSTILE = "=1+1 <b>\x0b\x1b[31m</title> \ufffe"


@pytest.fixture
def jobs(app: Flask) -> list[uuid.UUID]:
    """A pen becomes cheaper, and one with a hostile name is found."""
    target_id = given.a_target("pens", tags=["shops"])
    return [
        crawl(target_id, pen(1, price=100), pen(2)),
        crawl(target_id, pen(1, price=90), pen(3, name=HOSTILE, note=HOSTILE)),
    ]


def listed(page: str) -> list[str]:
    """The kinds of the changes on a page, with the words of each."""
    found = re.findall(r'<li class="change" id="(\w+)-\d+">(.*?)</li>', page, re.DOTALL)
    return [f"{kind}: {' '.join(re.sub('<[^>]+>', ' ', body).split())}" for kind, body in found]


def test_a_page_tells_each_change_old_and_new(viewer: Browser, jobs: list[uuid.UUID]) -> None:
    page = viewer.get("/changes").text
    assert listed(page)[0] == "changed: Changed Pen 1 price 100 → became 90"
    assert [each.partition(":")[0] for each in listed(page)] == [
        *("changed", "gone", "found", "found", "found")
    ]
    assert "<b>" not in page.partition("<main")[2]
    assert listed(viewer.get(f"/changes?job={jobs[0]}").text) == [
        "found: New Pen 1",
        "found: New Pen 2",
    ]


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ("field=price&move=fell&by=5", 1),
        ("field=price&move=fell&by=50", 0),
        ("kind=gone&kind=found", 4),
        ("target=pens&kind=gone", 1),
        ("tag=shops&text=Pen+1", 2),
        ("tag=nobody", 0),
    ],
)
def test_what_is_asked_for_stands_in_the_address(
    viewer: Browser, jobs: list[uuid.UUID], asked: str, number: int
) -> None:
    assert len(listed(viewer.get(f"/changes?{asked}").text)) == number


def test_an_address_that_means_nothing_is_refused_in_a_sentence(
    viewer: Browser, jobs: list[uuid.UUID]
) -> None:
    for wrong in (
        *("kind=lost", "move=jumped", "job=1", "before=x", "move=fell&by=much", "from=1"),
        *("field=x&move=rose&by=-1", "before=1-0-0-1"),
    ):
        assert viewer.get(f"/changes?{wrong}").status_code == 422, wrong
    assert viewer.get("/changes?target=nowhere").status_code == 404
    assert viewer.get(f"/changes?job={uuid.uuid4()}").status_code == 404


def test_what_is_marked_as_seen_is_not_told_as_new_again(
    viewer: Browser, operator: Browser, jobs: list[uuid.UUID]
) -> None:
    page = viewer.get("/changes").text
    found = re.search(r'formaction="(/changes/seen[^"]+)"', page)
    assert found
    crawl(1, pen(1, price=80))
    assert viewer.post(found[1].replace("&amp;", "&")).status_code == 303
    page = viewer.get("/changes").text
    assert "2 changes since you last looked" in page
    assert page.count("changes-new") == 1
    assert "since you last looked" not in operator.get("/changes").text


def test_csv_has_every_change_in_safe_cells(viewer: Browser, jobs: list[uuid.UUID]) -> None:
    viewer.get("/changes")
    answer = viewer.post("/changes/csv?target=pens")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [(row["kind"], row["name"], row["field"], row["after"]) for row in rows[:3]] == [
        ("changed", "Pen 1", "price", "90"),
        ("gone", "Pen 2", "", ""),
        ("found", "'=1+1 <b></title> ", "", ""),
    ]


def test_operators_save_filters_and_alerts_lean_on_them(
    operator: Browser, admin: Browser, session: Session, jobs: list[uuid.UUID]
) -> None:
    operator.get("/changes?field=price&move=fell&by=5")
    answer = operator.post(
        "/changes/filters?field=price&move=fell&by=5&target=pens",
        {"name": "cheaper", "shared": "y"},
        follow_redirects=True,
    )
    assert "of pens, price fell by more than 5 %" in answer.text
    saved = session.scalars(select(SavedFilter)).one()
    assert "&amp;move=fell" in operator.get("/changes").text
    admin.get("/alerts/channels/new")
    fields = {"name": "us", "url": "json://x.example", "language": "en", "timezone": "UTC"}
    admin.post("/alerts/channels/new", fields)
    rules = "/alerts/channels/1/rules"
    admin.get("/alerts/channels/1")
    assert admin.post(rules, {"kinds": "changes"}).status_code == 422
    assert admin.post(rules, {"kinds": "changes", "filter": str(saved.id)}).status_code == 303
    assert session.scalars(select(AlertRule)).one().filter_id == saved.id
    assert "cheaper" in admin.get("/alerts").text
    operator.get("/changes/saved")
    assert operator.post(f"/changes/filters/{saved.id}/remove").status_code == 422


def feed_of(browser: Browser, **of: Any) -> str:
    browser.get("/changes/saved")
    found = re.search(r"/feeds/[^<]+\.rss", browser.post("/changes/feeds", of).text)
    assert found
    return found[0]


def test_a_feed_opens_by_its_token_alone_and_is_not_sent_twice(
    viewer: Browser, stranger: Browser, jobs: list[uuid.UUID]
) -> None:
    address = feed_of(viewer, target="pens")
    answer = stranger.client.get(address)
    assert answer.mimetype == "application/rss+xml"
    channel = ElementTree.fromstring(answer.data).find("channel")
    assert channel is not None
    items = [(item.findtext("title"), item.findtext("link")) for item in channel.iter("item")]
    assert items[0] == ("pens: Pen 1 – price 100 → 90", "http://localhost/items/1")
    assert len(items) == 5
    assert len({item.findtext("guid") for item in channel.iter("item")}) == 5
    for header, known in (
        ("If-None-Match", answer.headers["ETag"]),
        ("If-Modified-Since", answer.headers["Last-Modified"]),
    ):
        assert stranger.client.get(address, headers={header: known}).status_code == 304
    told = stranger.client.get(address.replace(".rss", ".json")).get_json(force=True)
    assert told["version"] == "https://jsonfeed.org/version/1.1"
    assert told["items"][0]["content_text"] == "price 100 → 90"
    assert stranger.client.get("/feeds/nonsense.rss").status_code == 404
    assert stranger.get("/changes").status_code == 302


def test_a_feed_is_its_makers_and_ends_when_it_is_withdrawn(
    viewer: Browser, admin: Browser, stranger: Browser, jobs: list[uuid.UUID]
) -> None:
    address = feed_of(viewer)
    admin.get("/changes/saved")
    assert admin.post("/changes/feeds/1/withdraw").status_code == 404
    viewer.post("/changes/feeds/1/withdraw")
    assert stranger.client.get(address).status_code == 404
    assert viewer.post("/changes/feeds", {"of": "x"}).status_code == 422
    assert viewer.post("/changes/feeds", {"of": "99"}).status_code == 404
