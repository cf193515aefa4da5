"""The form of a target: what is typed stays, what is wrong is told beside its field."""

import json
import re
from html import unescape
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dashboard.hidden_arguments import HIDDEN
from orchestrator.ledger import targets
from orchestrator.ledger.models import AuditEntry, JobStatus, ScrapingJob, ScrapingTarget, Worker
from tests.dashboard import rows
from tests.dashboard.conftest import Browser

TYPED = {
    "name": " shelves ",
    "spider": "shelves",
    "start_urls": "https://a.example/\r\n\r\n https://b.example/?q=1,2 ",
    "tags": "furniture、 日本, furniture",
    "schedule": " 30  3 * * * ",
    "timezone": "Asia/Tokyo",
    "crawl_window": "22:00 – 6:00",
    "spread_seconds": "900",
    "active": "y",
    "arguments": '{"pages": 3, "deep": {"a": [1, null]}}',
    "settings": '{"DOWNLOAD_DELAY": 0.5}',
    "key_fields": "sku\r\ncolour",
    "priority": "２",
    "max_attempts": "4",
    "crawlers": "8",
    "worker_tag": " eu ",
}


def found(session: Session, name: str) -> ScrapingTarget:
    session.expire_all()
    return targets.find(session, name)


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(ScrapingTarget)) or 0


def typed_in(page: str) -> dict[str, str]:
    """What stands in the fields of a form."""
    form = page[page.index('<form class="defining"') :]
    fields = {}
    for tag in re.findall(r"<input [^>]+>", form):
        name = re.search(r'name="(\w+)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            fields[name[1]] = unescape(value[1]) if value else ""
    for name, value in re.findall(r'<textarea [^>]*name="(\w+)"[^>]*>\r?\n?([^<]*)</', form):
        fields[name] = unescape(value)
    return fields


def fault_beside(page: str, field: str) -> str:
    match = re.search(rf'id="{field}-fault">(.*?)</div>', page, re.DOTALL)
    return unescape(match[1]) if match else ""


def opened(operator: Browser, path: str, **changed: str) -> dict[str, str]:
    return typed_in(operator.get(path).text) | changed


def test_a_target_is_added_as_it_was_typed(operator: Browser, session: Session) -> None:
    page = operator.post("/targets/new", TYPED, follow_redirects=True).text
    target = found(session, "shelves")
    assert f"/targets/{target.id}/run" in page
    assert "Added shelves." in page
    assert target.start_urls == ["https://a.example/", "https://b.example/?q=1,2"]
    assert target.tags == ["furniture", "日本"]
    assert (target.schedule, target.timezone, target.active) == ("30 3 * * *", "Asia/Tokyo", True)
    assert (target.crawl_window, target.spread_seconds) == ("22:00-06:00", 900)
    assert target.overlap == "skip"
    assert target.arguments == {"pages": 3, "deep": {"a": [1, None]}}
    assert target.settings == {"DOWNLOAD_DELAY": 0.5}
    assert target.key_fields == ["sku", "colour"]
    assert (target.priority, target.max_attempts) == (2, 4)
    assert (target.crawlers, target.worker_tag) == (8, "eu")
    assert "8 at once, sharing each job" in page
    assert "<code>eu</code>" in page
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "target.add")).one()
    assert (entry.who, entry.subject) == ("operator", "shelves")


def test_the_least_that_makes_a_target_is_a_name_and_a_spider(
    operator: Browser, session: Session
) -> None:
    fields = opened(operator, "/targets/new", name="small", spider="shop")
    assert operator.post("/targets/new", fields).status_code == 303
    target = found(session, "small")
    assert (target.schedule, target.arguments, target.priority) == (None, {}, 5)
    assert (target.crawlers, target.worker_tag) == (1, None)
    assert target.active


def test_a_tag_that_no_living_worker_serves_is_saved_with_a_warning(
    operator: Browser, session: Session
) -> None:
    fields = opened(operator, "/targets/new", name="small", spider="shop", worker_tag="eu")
    page = operator.post("/targets/new", fields, follow_redirects=True).text
    warning = "No worker that is alive serves the tag eu"
    assert warning in page
    session.add(Worker(name="eu@one", pid=1, slots=2, queues=["crawls", "crawls.eu"]))
    session.flush()
    assert '<option value="eu">' in operator.get("/targets/new").text
    page = operator.post("/targets/new", fields | {"name": "other"}, follow_redirects=True).text
    assert "Added other." in page
    assert warning not in page


def test_a_target_can_queue_what_finds_it_busy(operator: Browser, session: Session) -> None:
    fields = opened(operator, "/targets/new", name="long", spider="shop", overlap="queue")
    assert operator.post("/targets/new", fields).status_code == 303
    target = found(session, "long")
    assert target.overlap == "queue"
    page = operator.get(f"/targets/{target.id}/edit").text
    assert re.search(r'<option selected value="queue">', page)
    assert "is queued: it follows" in operator.get(f"/targets/{target.id}").text
    wrong = operator.post("/targets/new", fields | {"name": "other", "overlap": "both"})
    assert "Should be one of" in fault_beside(wrong.text, "overlap")


FAULTS = {
    "name": ("My Shop", "Should be small letters"),
    "spider": ("  ", "Should not be empty"),
    "start_urls": ("example.com", "'example.com' is no web address"),
    "tags": ("x" * 51, "Entry 1 should have at most 50 characters"),
    "schedule": ("soon", "'soon' is no cron line"),
    "timezone": ("Mars/Base", "'Mars/Base' is no time zone"),
    "crawl_window": ("at night", "'at night' is no window"),
    "spread_seconds": ("86401", "Should be 86400 or less"),
    "arguments": ('{"a": 1,\n "b" 2}', "cannot be read at line 2, column 6"),
    "settings": ('{"FEEDS": {}}', "FEEDS cannot be set by a target"),
    "key_fields": ("k\n" * 21, "Should have at most 20 entries"),
    "priority": ("12", "Should be 9 or less"),
    "max_attempts": ("many", "Should be a whole number"),
    "crawlers": ("65", "Should be 64 or less"),
    "worker_tag": ("e u", "Should be small letters"),
    "min_items": ("0", "Should be 1 or more"),
    "required_fields": ("price\n" + "x" * 201, "Entry 2 should have at most 200 characters"),
    "item_schema": ('{"properties": {"price": {"pattern": "x"}}}', "Uses pattern, which is not"),
}


@pytest.mark.parametrize("field", FAULTS)
def test_a_fault_stands_beside_its_field_and_what_was_typed_stays(
    operator: Browser, session: Session, field: str
) -> None:
    wrong, sentence = FAULTS[field]
    answer = operator.post("/targets/new", TYPED | {field: wrong})
    assert answer.status_code == 422
    assert sentence in fault_beside(answer.text, field)
    assert f'href="#{field}"' in answer.text
    shown = typed_in(answer.text)
    for name, text in (TYPED | {field: wrong}).items():
        assert shown[name].split() == text.split(), name
    assert len(re.findall("aria-invalid", answer.text)) == 1
    assert f'aria-describedby="{field}-fault {field}-hint"' in answer.text
    assert count(session) == 0


def test_faults_of_a_recipe_say_where_in_the_arguments_they_are(operator: Browser) -> None:
    recipe = {"fields": [{"name": "a", "css": "a["}, {"name": "b"}], "most_pages": 0}
    typed = TYPED | {"spider": "selector", "arguments": json.dumps(recipe)}
    told = fault_beside(operator.post("/targets/new", typed).text, "arguments")
    assert told.startswith("At fields.0.css: is no CSS selector")
    assert "at fields.1: needs either css or xpath" in told
    assert "at most_pages: should be 1 or more" in told


def test_all_faults_are_told_at_once_and_the_first_has_the_focus(operator: Browser) -> None:
    page = operator.post("/targets/new", TYPED | {k: v for k, (v, _) in FAULTS.items()}).text
    assert f"{len(FAULTS)} fields need another look" in page
    for field, (_, sentence) in FAULTS.items():
        assert sentence in fault_beside(page, field), field
    (focused,) = re.findall("<[^>]*autofocus[^>]*>", page)
    assert 'name="name"' in focused


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("arguments", "[1]"),
        ("arguments", '{"a": NaN}'),
        ("arguments", '{"a": ' + "9" * 5_000 + "}"),
        ("arguments", '{"a":' * 5_000),
        ("arguments", '{"a": "\\ud800"}'),
        ("arguments", '{"\\u0000": 1}'),
        ("settings", '{"\\ud800": 1}'),
        ("settings", '{"</textarea><script>": 1}'),
        ("settings", "null"),
        ("name", "a\0b"),
        ("name", "shop\u202e"),
        ("spider", "a\0b"),
        ("start_urls", "http://a.example/\0"),
        ("timezone", "../../etc/passwd"),
        ("schedule", "9" * 5_000),
        ("priority", "9" * 5_000),
        ("priority", "-1"),
        ("priority", "²"),
        ("priority", ""),
        ("tags", "\x1b[31mred"),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_whatever_is_typed_is_answered_beside_its_field(
    operator: Browser, session: Session, field: str, value: str
) -> None:
    answer = operator.post("/targets/new", TYPED | {field: value})
    assert answer.status_code == 422
    assert fault_beside(answer.text, field)
    assert "<script>" not in answer.text
    assert count(session) == 0


def test_a_name_in_use_is_told_beside_the_name(operator: Browser, target: ScrapingTarget) -> None:
    page = operator.post("/targets/new", TYPED | {"name": target.name}).text
    assert "a target named shop exists already" in fault_beside(page, "name").lower()


def test_to_check_saves_nothing_and_tells_what_the_schedule_does(
    operator: Browser, session: Session
) -> None:
    page = operator.post("/targets/new", TYPED | {"check": "1"}).text
    assert "Nothing is wrong with it. It is not saved yet." in page
    assert "Every day at 03:30 (Asia/Tokyo)" in page
    assert typed_in(page)["schedule"] == TYPED["schedule"]
    wrong = operator.post("/targets/new", TYPED | {"check": "1", "name": "A"})
    assert "small letters" in fault_beside(wrong.text, "name")
    assert count(session) == 0


def test_an_edit_shows_what_is_stored_and_saves_what_was_typed(
    operator: Browser, session: Session
) -> None:
    operator.post("/targets/new", TYPED)
    target = found(session, "shelves")
    path = f"/targets/{target.id}/edit"
    before = {name: getattr(target, name) for name in targets.FIELDS}
    assert operator.post(path, opened(operator, path)).status_code == 303
    target = found(session, "shelves")
    assert {name: getattr(target, name) for name in targets.FIELDS} == before
    page = operator.post(path, opened(operator, path, priority="7"), follow_redirects=True).text
    assert found(session, "shelves").priority == 7
    assert "already keep the definition" in page
    entries = session.scalars(
        select(AuditEntry.details).where(AuditEntry.action == "target.edit").order_by(AuditEntry.id)
    ).all()
    assert [entry["changed"] for entry in entries] == [[], ["priority"]]


def test_an_unticked_box_pauses_the_schedule(
    operator: Browser, session: Session, target: ScrapingTarget
) -> None:
    path = f"/targets/{target.id}/edit"
    fields = opened(operator, path)
    del fields["active"]
    operator.post(path, fields)
    assert not found(session, "shop").active


def test_a_job_requested_before_an_edit_keeps_its_definition(
    operator: Browser, session: Session, target: ScrapingTarget
) -> None:
    operator.post(f"/targets/{target.id}/run")
    path = f"/targets/{target.id}/edit"
    operator.post(path, opened(operator, path, spider="another"))
    assert found(session, "shop").spider == "another"
    assert session.scalars(select(ScrapingJob)).one().definition["spider"] == "demo_shop"


def test_a_secret_that_was_not_shown_stays_unless_it_is_typed_anew(
    operator: Browser, session: Session
) -> None:
    target = rows.target(session, arguments={"api_key": "hunter2", "pages": 3})
    path = f"/targets/{target.id}/edit"
    shown = opened(operator, path)
    assert json.loads(shown["arguments"]) == {"api_key": HIDDEN, "pages": 3}
    operator.post(path, shown | {"arguments": json.dumps({"api_key": HIDDEN, "pages": 4})})
    assert found(session, "shop").arguments == {"api_key": "hunter2", "pages": 4}
    operator.post(path, opened(operator, path, arguments='{"api_key": "new"}'))
    assert found(session, "shop").arguments == {"api_key": "new"}


def test_an_edit_of_what_somebody_changed_meanwhile_is_not_saved_but_stays_typed(
    operator: Browser, session: Session, target: ScrapingTarget
) -> None:
    path = f"/targets/{target.id}/edit"
    mine = opened(operator, path, spider="mine")
    targets.change(session, target, {"priority": 1})
    answer = operator.post(path, mine)
    assert answer.status_code == 409
    assert "Somebody else changed this target" in answer.text
    assert "It differs from what is stored now in: Spider, Priority." in answer.text
    assert typed_in(answer.text)["spider"] == "mine"
    assert found(session, "shop").spider == "demo_shop"
    assert operator.post(path, typed_in(answer.text)).status_code == 303
    assert (found(session, "shop").spider, found(session, "shop").priority) == ("mine", 5)


def test_a_copy_has_everything_but_the_name(operator: Browser, session: Session) -> None:
    operator.post("/targets/new", TYPED | {"arguments": '{"token": "hunter2"}'})
    original = found(session, "shelves")
    path = f"/targets/new?from={original.id}"
    fields = opened(operator, path)
    assert fields["name"] == ""
    assert HIDDEN in fields["arguments"]
    assert operator.post(path, fields | {"name": "copy"}).status_code == 303
    original, copy = found(session, "shelves"), found(session, "copy")
    for name in set(targets.FIELDS) - {"name"}:
        assert getattr(copy, name) == getattr(original, name), name


def test_what_is_too_long_for_a_page_stays_as_it_is(operator: Browser, session: Session) -> None:
    urls = [f"https://a.example/{number}" for number in range(9_000)]
    target = rows.target(session, start_urls=urls)
    path = f"/targets/{target.id}/edit"
    page = operator.get(path)
    assert len(page.data) < 100_000
    assert "Start URLs are too long to be shown here" in page.text
    operator.post(path, opened(operator, path, priority="8"))
    assert (found(session, "shop").priority, found(session, "shop").start_urls) == (8, urls)
    copied = f"/targets/new?from={target.id}"
    operator.post(copied, opened(operator, copied, name="copy"))
    assert found(session, "copy").start_urls == urls


def test_a_spider_that_no_worker_knows_is_saved_with_a_warning(
    operator: Browser, session: Session
) -> None:
    page = operator.post("/targets/new", TYPED, follow_redirects=True).text
    assert "No worker knows" not in page
    session.add(Worker(name="crawls@here", pid=1, slots=2, spiders=["books"]))
    session.flush()
    assert 'value="books"' in operator.get("/targets/new").text
    page = operator.post("/targets/new", TYPED | {"name": "two"}, follow_redirects=True).text
    assert "No worker knows a spider called shelves yet" in page
    known = TYPED | {"name": "three", "spider": "books"}
    page = operator.post("/targets/new", known, follow_redirects=True).text
    assert "No worker knows" not in page


def test_the_form_is_for_operators(viewer: Browser, target: ScrapingTarget) -> None:
    for path in ("/targets/new", f"/targets/{target.id}/edit", f"/targets/{target.id}/delete"):
        assert viewer.get(path).status_code == 403
        assert viewer.post(path, TYPED).status_code == 403


@pytest.mark.parametrize("path", ["/targets/77/edit", "/targets/77/delete", "/targets/new?from=77"])
def test_a_target_that_is_gone_is_not_found(operator: Browser, path: str) -> None:
    assert operator.get(path).status_code == 404
    assert operator.post(path, TYPED).status_code == 404


@pytest.mark.parametrize("reference", ["%00", "x" * 900, "9" * 40])
def test_a_copy_of_nothing_is_not_found(operator: Browser, reference: str) -> None:
    assert operator.get(f"/targets/new?from={reference}").status_code == 404


def test_before_deleting_the_page_says_what_goes(operator: Browser, session: Session) -> None:
    target = rows.target(session)
    job = rows.job(session, target, JobStatus.RUNNING)
    for number in range(3):
        rows.item(session, job, {"n": number})
    page = operator.get(f"/targets/{target.id}/delete").text
    assert "1, with their logs" in page
    assert "3, with their history" in page
    assert "A job is active; it is cancelled." in page
    assert found(session, "shop").id == target.id


def test_deleting_frees_the_name_and_cancels_what_is_active(
    operator: Browser, session: Session, target: ScrapingTarget
) -> None:
    operator.post(f"/targets/{target.id}/run")
    page = operator.post(f"/targets/{target.id}/delete", follow_redirects=True).text
    assert "Deleted shop." in page
    assert "No targets yet" in page
    session.expire_all()
    assert session.scalars(select(ScrapingJob)).one().status is JobStatus.CANCELLED
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "target.delete")).one()
    assert (entry.subject, entry.details) == ("shop", {"id": target.id})
    assert operator.get(f"/targets/{target.id}").status_code == 404


def test_hostile_text_in_a_definition_harms_no_page(operator: Browser, session: Session) -> None:
    evil = "\"'></textarea><script>alert(1)</script>"
    values: dict[str, Any] = {
        "spider": evil,
        "tags": [evil[:50]],
        "start_urls": [f"https://a.example/{evil}"],
        "arguments": {"q": evil},
        "key_fields": [evil],
    }
    target = rows.target(session, **values)
    for path in ("/targets", f"/targets/{target.id}", f"/targets/{target.id}/edit"):
        answer = operator.get(path)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
    shown = opened(operator, f"/targets/{target.id}/edit")
    assert shown["spider"] == evil
    assert operator.post(f"/targets/{target.id}/edit", shown).status_code == 303
