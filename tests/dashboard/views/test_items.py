import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from orchestrator.ledger import finding, listings, search
from orchestrator.ledger.models import (
    ItemAbsence,
    ItemListing,
    ItemRevision,
    JobStatus,
    ScrapedItem,
    ScrapingTarget,
)
from tests.dashboard import rows
from tests.dashboard.conftest import Browser
from tests.dashboard.views.test_jobs import HOSTILE

PRODUCTS: list[Mapping[str, Any]] = [
    {"name": "Oak stool", "price": 49.5, "colour": "brown"},
    {"name": "Oak table", "price": 249, "colour": "brown"},
    {"name": "万年筆", "price": "39.50", "colour": ""},
    {"name": "Lamp", "price": 9, "colour": "red", "tags": ["light", "new"]},
    {"name": "Chair", "price": None},
]


@pytest.fixture
def stocked(session: Session, target: ScrapingTarget) -> str:
    """The address of a target's items, the first product found last."""
    job = rows.job(session, target)
    for number, product in enumerate(PRODUCTS):
        item = rows.item(session, job, dict(product))
        item.changed_at = func.now() - timedelta(minutes=number)
    session.flush()
    search.catch_up()
    return f"/targets/{target.id}/items"


def names(page: str) -> list[str]:
    found = re.findall(r'<th scope="row"><a href="/items/\d+"><bdi>([^<]*)</bdi>', page)
    return [each.replace("&#39;", "'") for each in found]


def test_items_are_listed_with_what_names_them_the_latest_change_first(
    viewer: Browser, stocked: str
) -> None:
    page = viewer.get(stocked).text
    assert names(page) == [product["name"] for product in PRODUCTS]
    assert "5 items." in page
    assert "light, new" in page


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("q=oak", ["Oak stool", "Oak table"]),
        ("q=万年", ["万年筆"]),
        ("q=nowhere", []),
        ("field=colour&is=is&value=brown", ["Oak stool", "Oak table"]),
        ("field=price&is=is&value=39.5", ["万年筆"]),
        ("field=name&is=contains&value=OAK", ["Oak stool", "Oak table"]),
        ("field=name&is=contains&value=%25", []),
        ("field=price&is=greater&value=39.5", ["Oak stool", "Oak table"]),
        ("field=price&is=less&value=40", ["万年筆", "Lamp"]),
        ("field=name&is=greater&value=N", ["Oak stool", "Oak table", "万年筆"]),
        ("field=colour&is=empty&value=", ["万年筆", "Chair"]),
        ("field=price&is=not_empty&value=", ["Oak stool", "Oak table", "万年筆", "Lamp"]),
        ("field=colour&is=is&value=brown&field=price&is=less&value=100", ["Oak stool"]),
        ("q=oak&field=price&is=greater&value=100", ["Oak table"]),
        ("field=&is=is&value=brown&field=price&is=is&value=", None),
        ("sort=data.price", ["Lamp", "万年筆", "Oak stool", "Oak table", "Chair"]),
        ("sort=data.price&order=down", ["Oak table", "Oak stool", "万年筆", "Lamp", "Chair"]),
        ("sort=changed_at&order=up", [p["name"] for p in reversed(PRODUCTS)]),
        ("sort=data.changed_at", None),
    ],
)
def test_items_are_narrowed_and_sorted_as_the_address_says(
    asked: str, expected: list[str] | None, viewer: Browser, stocked: str
) -> None:
    page = viewer.get(f"{stocked}?{asked}").text
    everything = [product["name"] for product in PRODUCTS]
    shown = names(page)
    if asked == "sort=data.changed_at":
        shown = sorted(shown, key=everything.index)
    assert shown == (everything if expected is None else expected)


def test_what_is_new_or_changed_since_is_told_apart(
    viewer: Browser, stocked: str, session: Session
) -> None:
    session.execute(update(ScrapedItem).values(first_seen_at=func.now() - timedelta(days=30)))
    session.execute(
        update(ScrapedItem)
        .where(ScrapedItem.data["name"].astext == "Lamp")
        .values(first_seen_at=func.now(), changed_at=func.now() - timedelta(days=10))
    )
    since = session.scalar(
        text("SELECT to_char(now() - interval '1 day', 'YYYY-MM-DD'||'\"T\"HH24:MI')")
    )
    assert names(viewer.get(f"{stocked}?since={since}&what=new").text) == ["Lamp"]
    assert "Lamp" not in names(viewer.get(f"{stocked}?since={since}&what=changed").text)
    assert len(names(viewer.get(f"{stocked}?since={since}").text)) == 4


def test_the_items_of_a_job_are_those_it_saw_found_or_changed(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    first, second = rows.job(session, target), rows.job(session, target)
    rows.item(session, first, {"name": "stayed"})
    changed = rows.item(session, first, {"name": "changed"})
    changed.last_job_id = second.id
    rows.item(session, second, {"name": "new"})
    session.add(ItemRevision(item_id=changed.id, job_id=second.id, data={}, content_hash=b""))
    session.flush()

    def of(job_id: object, saw: str) -> set[str]:
        page = viewer.get(f"/targets/{target.id}/items?job={job_id}&saw={saw}").text
        assert f"/jobs/{job_id}" in page
        return set(names(page))

    assert of(first.id, "last") == {"stayed"}
    assert of(first.id, "first") == {"stayed", "changed"}
    assert of(second.id, "") == {"changed", "new"}
    assert of(second.id, "changed") == {"changed"}


@pytest.mark.parametrize(
    "order",
    ["", "order=up", "sort=data.n", "sort=data.n&order=down", "sort=last_seen_at", "sort=data.x"],
)
def test_all_pages_are_walked_without_gap_or_overlap(
    order: str, viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    # Equal times and equal values: the id decides. Some have no value at all.
    session.execute(
        text(
            "INSERT INTO scraped_items (target_id, key, data, content_hash, changed_at)"
            " SELECT :target, n, CASE WHEN n % 7 = 0 THEN '{}' ELSE"
            " jsonb_build_object('n', CASE WHEN n % 2 = 0 THEN to_jsonb(n / 4)"
            " ELSE to_jsonb((n / 4)::text) END) END, '', now() - make_interval(secs => n / 9)"
            " FROM generate_series(1, 173) n"
        ),
        {"target": target.id},
    )
    path, pages = f"/targets/{target.id}/items?{order}", []
    while path:
        page = viewer.get(path).text
        pages.append(re.findall(r'<tr id="item-(\d+)">', page))
        link = re.search(r'<a rel="next" href="([^"]+)"', page)
        path = link[1].replace("&amp;", "&") if link else ""
    assert [len(each) for each in pages] == [50, 50, 50, 23]
    shown = [each for one in pages for each in one]
    assert len(set(shown)) == 173


def test_columns_are_chosen_in_the_address(viewer: Browser, stocked: str) -> None:
    page = viewer.get(f"{stocked}?columns=price&columns=colour").text
    heads = re.findall(r'<a class="sort"[^>]*><bdi>([^<]*)</bdi>', page)
    assert heads[:2] == ["price", "colour"]
    assert "Oak stool" not in page


@pytest.mark.parametrize(
    "asked",
    [
        "after=x", "after=1-2-3", "after=5", "sort=data.n&after=5-5", "job=x", "saw=never",
        "since=tomorrow", "since=0001-01-01T00:00", "sort=nothing", "field=a&is=like&value=b",

    ],
)  # fmt: skip
def test_an_address_that_means_nothing_says_so(asked: str, viewer: Browser, stocked: str) -> None:
    answer = viewer.get(f"{stocked}?{asked}")
    if asked not in ("since=0001-01-01T00:00",):
        assert answer.status_code == 422, asked
        assert "open the list anew" in answer.text
    assert answer.status_code < 500


@pytest.mark.parametrize("word", [*HOSTILE, "\0", "a\0b", "%00", "\\", "' & '", "x" * 3_000])
def test_hostile_words_in_an_address_harm_nothing(word: str, viewer: Browser, stocked: str) -> None:
    for names_ in (["q"], ["field"], ["value"], ["columns"]):
        query = {"field": "name", "is": "contains", "value": "a"} | dict.fromkeys(names_, word)
        answer = viewer.get(stocked, query_string=query)
        assert answer.status_code == 200
        for raw in ("<script>alert", "<img src=x", "<svg onload"):
            assert raw not in answer.text
    assert viewer.get(stocked, query_string={"sort": f"data.{word}"}).status_code == 200


def test_what_takes_too_long_is_cut_off_and_can_be_listed(
    viewer: Browser, session: Session, target: ScrapingTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "SEARCH_MILLISECONDS", 20)
    session.execute(
        text(
            "INSERT INTO scraped_items (target_id, key, data, content_hash)"
            " SELECT :target, n, jsonb_build_object('price', n::text), ''"
            " FROM generate_series(1, 50000) n"
        ),
        {"target": target.id},
    )
    path = f"/targets/{target.id}/items"
    assert "So many items are not sorted by price" in viewer.get(f"{path}?sort=data.price").text
    scan = "field=price&is=less&value=0"
    page = viewer.get(f"{path}?{scan}").text
    assert "So many items are not looked through" in page
    assert f'formaction="{path}/listing?field=price&amp;is=less&amp;value=0"' in page
    # A loaded machine may take that long for anything; what is shown is that nothing is left over.
    monkeypatch.setattr(finding, "SEARCH_MILLISECONDS", 10_000)
    assert "More than 10,000 items." in viewer.get(path).text


def test_a_listing_is_followed_and_then_read(
    viewer: Browser, session: Session, target: ScrapingTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "MOST_ORDERED", 50)
    job = rows.job(session, target)
    for number in range(60):
        rows.item(session, job, {"name": f"Stool {number:02}", "price": 100 - number})
    path = f"/targets/{target.id}/items"
    viewer.get(path)
    answer = viewer.post(f"{path}/listing?sort=data.price&order=up")
    assert answer.location == f"{path}?sort=data.price&order=up"
    page = viewer.get(answer.location).text
    assert "being put in order" in page
    assert "data-live" in page
    for listing in session.scalars(select(ItemListing)):
        listings.make(listing.id)
    page = viewer.get(answer.location).text
    assert names(page)[:2] == ["Stool 59", "Stool 58"]
    assert "60 items." in page
    assert "data-live" not in page
    assert "Put in order again" in page
    later = re.search(r'rel="next" href="([^"]*)"', page)
    assert later
    assert names(viewer.get(later[1].replace("&amp;", "&")).text)[-1] == "Stool 00"


def test_an_item_shows_its_fields_and_how_they_changed(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    found, gone = rows.job(session, target), rows.job(session, target)
    item = rows.item(session, found, {"name": "Oak stool", "price": 30, "new": "x"})
    for price, job_id in ((10, None), (20, gone.id)):
        data = {"name": "Oak stool", "price": price, "old": "y"}
        session.add(ItemRevision(item_id=item.id, job_id=job_id, data=data, content_hash=b""))
        session.flush()
    page = viewer.get(f"/items/{item.id}").text
    assert "Oak stool" in page
    changes = [
        re.findall(r"<bdi>([^<]*)</bdi></th><td>(.*?)</td><td>(.*?)</td>", change)
        for change in page.split("<article")[1:]
    ]
    plain = [
        [tuple(re.sub("<[^>]+>", "", each).strip() for each in row) for row in change]
        for change in changes
    ]
    assert plain == [
        [("new", "nothing", "x"), ("old", "y", "nothing"), ("price", "20", "30")],
        [("price", "10", "20")],
        [],
    ]
    assert f"/jobs/{gone.id}" in page
    assert "by a job that is deleted" in page


def test_the_life_of_an_item_is_told_from_its_end(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    item = _lively(session, target)
    page = viewer.get(f"/items/{item.id}").text
    told = [
        re.sub("<[^>]+>|\\s+", " ", each).split()[:2] for each in page.split('<h3 class="h6"')[1:]
    ]
    assert [each[-1] for each in told] == ["Changed", "Back", "Gone", "Changed", "First"]
    assert "The job should have seen it and did not." in page


def test_its_numbers_are_drawn_and_told_exactly(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    page = viewer.get(f"/items/{_lively(session, target).id}").text
    assert 'aria-label="price: last 19.901, between 18 and 20.5"' in page
    titles = re.findall(r"<title>[^<]*: ([0-9.]+)</title>", page)
    assert titles == ["20.5", "18", "19.901"]
    values = re.findall(r"<tr><td>[^<]*</td><td>([0-9.]+)</td></tr>", page)
    assert values == titles[::-1]


def test_an_item_that_never_changed_has_no_charts(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    item = rows.item(session, rows.job(session, target), {"price": 1})
    page = viewer.get(f"/items/{item.id}").text
    assert "Numbers over time" not in page
    assert "First seen" in page


def _lively(session: Session, target: ScrapingTarget) -> ScrapedItem:
    """An item that changed, went, came back and changed at once."""
    job = rows.job(session, target)
    item = rows.item(session, job, {"name": "Lamp", "price": 19.901})
    now = datetime.now(UTC)
    item.first_seen_at = now - timedelta(days=4)
    for days, price in ((3, "20.5"), (1, 18)):
        change = {"data": {"price": price}, "added": [], "content_hash": b""}
        at = now - timedelta(days=days)
        session.add(ItemRevision(item_id=item.id, replaced_at=at, **change))
        session.flush()
    away = {"gone_at": now - timedelta(days=2), "back_at": now - timedelta(days=1)}
    session.add(ItemAbsence(item_id=item.id, gone_job_id=job.id, back_job_id=job.id, **away))
    session.flush()
    return item


def test_what_is_gone_is_marked_and_can_be_left_out(
    viewer: Browser, session: Session, target: ScrapingTarget, stocked: str
) -> None:
    gone = session.scalars(
        select(ScrapedItem).where(ScrapedItem.data["name"].astext == "Lamp")
    ).one()
    gone.gone_at = func.now()
    session.flush()
    page = viewer.get(stocked).text
    assert page.count('class="is-gone"') == 1
    assert names(viewer.get(f"{stocked}?there=gone").text) == ["Lamp"]
    assert "Lamp" not in names(viewer.get(f"{stocked}?there=there").text)
    assert len(names(viewer.get(f"{stocked}?there=there").text)) == 4
    assert viewer.get(f"{stocked}?there=nowhere").status_code == 422
    assert "a job that should have seen it did not" in viewer.get(f"/items/{gone.id}").text


def test_the_items_that_a_job_found_gone_or_back_are_listed(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    lively, _ = _lively(session, target), rows.item(session, rows.job(session, target), {"n": 1})
    job_id = lively.last_job_id
    for saw in ("missed", "back"):
        page = viewer.get(f"/targets/{target.id}/items?job={job_id}&saw={saw}").text
        assert names(page) == ["Lamp"]


@pytest.mark.parametrize("place", ["", "1", "x-1-1", "9" * 17 + "-1-1", "1-1-1", "1-9-" + "9" * 18])
def test_a_page_of_a_life_may_begin_anywhere(
    place: str, viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    item = _lively(session, target)
    assert viewer.get(f"/items/{item.id}?before={place}").status_code == 200


def test_a_long_history_is_paged(viewer: Browser, session: Session, target: ScrapingTarget) -> None:
    item = rows.item(session, rows.job(session, target), {"n": 25})
    for number in range(25):
        session.add(ItemRevision(item_id=item.id, data={"n": number}, content_hash=b""))
        session.flush()
    path, seen = f"/items/{item.id}", []
    while path:
        page = viewer.get(path).text
        seen += re.findall(r"<td><bdi>(\d+)</bdi></td><td><bdi>(\d+)</bdi>", page)
        link = re.search(r'<a rel="next" href="([^"]+)#history"', page)
        path = link[1] if link else ""
    assert seen == [(str(n), str(n + 1)) for n in reversed(range(25))]


def test_a_large_item_is_cut_on_the_page_and_whole_as_json(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    data = {f"f{n}": "<&蜘" * 30_000 for n in range(300)} | {"n" * 100_000: 1}
    item = rows.item(session, rows.job(session, target), data)
    for _ in range(12):
        earlier = {f"f{n}": "<&雲" * 30_000 for n in range(20)}
        session.add(ItemRevision(item_id=item.id, data=earlier, content_hash=b""))
    session.flush()
    for path in (f"/items/{item.id}", f"/targets/{target.id}/items"):
        page = viewer.get(path)
        assert page.status_code == 200
        assert len(page.data) < 300_000
    whole = viewer.get(f"/items/{item.id}.json")
    assert orjson.loads(whole.data)["data"] == data
    assert "attachment" in whole.headers["Content-Disposition"]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_items_are_shown_as_text(
    hostile: str, viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    item = rows.item(session, rows.job(session, target), {"name": hostile, hostile: hostile})
    session.add(ItemRevision(item_id=item.id, data={hostile: [hostile]}, content_hash=b""))
    session.flush()
    for path in (f"/items/{item.id}", f"/targets/{target.id}/items"):
        page = viewer.get(path).text
        for raw in ("<script>alert", "<img src=x", "<svg onload", "\x1b", 'href="javascript'):
            assert raw not in page


def test_an_item_of_a_deleted_target_is_still_shown(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    item = rows.item(session, rows.job(session, target), {"name": "left"})
    session.execute(update(ScrapingTarget).values(deleted_at=func.now()))
    assert "left" in viewer.get(f"/items/{item.id}").text
    assert viewer.get(f"/targets/{target.id}/items").status_code == 404


def test_an_item_that_is_not_there_is_not_found(viewer: Browser, session: Session) -> None:
    for number in (1, 2**63, 10**30):
        for path in (f"/items/{number}", f"/items/{number}.json"):
            answer = viewer.get(path)
            assert answer.status_code == 404
            assert "There is no item" in answer.text


def test_the_page_says_when_search_lags(viewer: Browser, stocked: str, session: Session) -> None:
    assert "Search" not in re.sub("<label.*?</label>", "", viewer.get(stocked).text)
    session.execute(text("UPDATE ticks SET at = at - interval '3 minutes' WHERE name = 'search'"))
    assert "Search knows what was found until" in viewer.get(stocked).text
    session.execute(text("DELETE FROM ticks WHERE name = 'search'"))
    assert "for the first time" in viewer.get(stocked).text


def test_a_target_without_items_says_so(viewer: Browser, target: ScrapingTarget) -> None:
    assert "No items yet." in viewer.get(f"/targets/{target.id}/items").text
    assert "No item fits." in viewer.get(f"/targets/{target.id}/items?q=x").text


def test_more_items_than_are_counted_are_said_so(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    session.execute(
        text(
            "INSERT INTO scraped_items (target_id, key, data, content_hash)"
            " SELECT :target, n, '{}', '' FROM generate_series(1, 10001) n"
        ),
        {"target": target.id},
    )
    assert "More than 10,000 items." in viewer.get(f"/targets/{target.id}/items").text


def test_the_job_page_and_its_items_agree_on_columns(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    job = rows.job(session, target, JobStatus.COMPLETED)
    rows.item(session, job, {"url": "https://a.example/", "name": "x", "price": 1})
    page = viewer.get(f"/targets/{target.id}/items").text
    heads = re.findall(r'<a class="sort"[^>]*><bdi>([^<]*)</bdi>', page)
    assert heads[:3] == ["name", "price", "url"]
