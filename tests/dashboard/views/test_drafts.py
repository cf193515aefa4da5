from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from orchestrator import inspection
from orchestrator.ledger import drafts
from orchestrator.ledger.drafts import Recipe
from orchestrator.ledger.errands import KeptPage
from orchestrator.ledger.models import AuditEntry, ScrapingJob, ScrapingTarget, TargetDraft
from tests.dashboard import rows
from tests.dashboard.conftest import Browser

URL = "https://shop.example/list"
HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e"
RECIPE: dict[str, Any] = {
    "items": {"css": "li.product"},
    "fields": [
        {"name": "name", "css": "h2"},
        {"name": "price", "css": ".price", "clean": [{"step": "price", "currency": "currency"}]},
        {"name": "url", "css": "a", "attribute": "href", "clean": ["absolute_url"]},
    ],
    "next_page": {"xpath": "//a[@rel='next']"},
}
PROPOSAL = {
    "spider": "selector",
    "arguments": RECIPE,
    "title": {"pattern": "A list: %(what)s", "values": {"what": HOSTILE}},
    "start_url": URL,
    "key_fields": ["url"],
    "rows": 2,
    "columns": [
        {"name": "name", "kind": "text", "samples": ["Stool", HOSTILE]},
        {"name": "price", "kind": "price", "samples": [12.5]},
    ],
    "sample": [{"name": "Stool", "price": "12.5"}, {"name": HOSTILE}],
    "score": 9.1,
}
PREVIEW = {
    "columns": [{"name": "name", "filled": 2}, {"name": "price", "filled": 1}],
    "rows": [
        [{"text": HOSTILE, "state": "fine"}, {"text": "", "state": "empty"}],
        [{"text": "茶碗", "state": "fine"}, {"text": "ask us", "state": "odd"}],
    ],
    "count": 2,
    "next": "https://shop.example/list?page=2",
    "follow": 0,
    "faults": [],
}


@pytest.fixture
def draft(session: Session) -> TargetDraft:
    """One whose page was looked at."""
    draft = drafts.begin(session, URL, who="operator")
    drafts.keep_page(session, draft.id, 0, KeptPage(URL, 200, {}, b""))
    drafts.propose(session, draft.id, [PROPOSAL])
    session.expire_all()
    return draft


@pytest.fixture
def chosen(session: Session, draft: TargetDraft) -> TargetDraft:
    """One that is being edited, with a preview."""
    drafts.use(session, draft.id, PROPOSAL)
    drafts.show(session, draft.id, 1, {0: PREVIEW})
    session.expire_all()
    return draft


def typed(browser: Browser, draft: TargetDraft) -> dict[str, str]:
    """What a browser would send of the form as it is shown."""
    from html.parser import HTMLParser

    class Form(HTMLParser):
        sent: dict[str, str]
        select: str

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            about = dict(attrs)
            if tag == "select":
                self.select = about["name"] or ""
                self.sent[self.select] = ""
            elif tag == "option" and "selected" in about:
                self.sent[self.select] = about["value"] or ""
            elif tag == "input" and (about.get("type") != "checkbox" or "checked" in about):
                self.sent[about.get("name") or ""] = about.get("value") or ""

    form = Form()
    form.sent = {}
    form.feed(browser.get(f"/drafts/{draft.id}").text)
    return form.sent


def test_an_address_that_is_pasted_becomes_a_draft_that_waits_for_a_worker(
    operator: Browser, session: Session, redis_url: str
) -> None:
    assert "Address of a page" in operator.get("/drafts/new").text
    answer = operator.post("/drafts/new", {"url": " shop.example/list "})
    assert answer.status_code == 303
    page = operator.get(answer.location)
    assert "Looking at the page…" in page.text
    assert 'data-live="400"' in page.text
    assert '<noscript><meta http-equiv="refresh"' in page.text
    draft = session.scalars(select(TargetDraft)).one()
    assert (draft.url, draft.who, draft.status) == (URL, "operator", "looking")
    assert inspection.queue_length("control") == 1
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "draft.look")).one()
    assert entry.subject == URL


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "ftp://x/", "http://", "x" * 9000])
def test_what_is_no_web_address_is_said_beside_the_field(operator: Browser, url: str) -> None:
    answer = operator.post("/drafts/new", {"url": url})
    assert answer.status_code == 422
    assert 'id="url-fault"' in answer.text


def test_a_page_that_could_not_be_had_is_explained(operator: Browser, session: Session) -> None:
    draft = drafts.begin(session, URL, who="operator")
    drafts.fail(session, draft.id, "error_status", "404")
    session.expire_all()
    page = operator.get(f"/drafts/{draft.id}")
    assert "answered with the error 404" in page.text
    assert operator.post(f"/drafts/{draft.id}/again").status_code == 303
    session.expire_all()
    assert session.get_one(TargetDraft, draft.id).status == "looking"


def test_proposals_show_what_they_would_take(operator: Browser, draft: TargetDraft) -> None:
    page = operator.get(f"/drafts/{draft.id}").text
    assert "Use this" in page
    assert "2 rows" in page
    assert "Stool" in page
    assert "<script>alert" not in page
    assert "\x1b" not in page


def test_a_proposal_that_is_used_is_previewed_by_a_worker(
    operator: Browser, session: Session, draft: TargetDraft
) -> None:
    operator.get(f"/drafts/{draft.id}")
    operator.post(f"/drafts/{draft.id}/use/0")
    session.expire_all()
    assert (draft.spider, draft.arguments, draft.revision) == ("selector", RECIPE, 1)
    assert draft.start_urls == [URL]
    page = operator.get(f"/drafts/{draft.id}")
    assert "data-waits" in page.text
    assert "Reading…" in page.text
    assert operator.post(f"/drafts/{draft.id}/use/9").status_code == 422


def test_the_preview_marks_what_is_empty_and_what_is_odd(
    operator: Browser, chosen: TargetDraft
) -> None:
    page = operator.get(f"/drafts/{chosen.id}/preview").text
    assert page.count('class="cell-empty"') == 1
    assert page.count('class="cell-odd"') == 1
    assert "1 of 2" in page
    assert "茶碗" in page
    assert "<script>alert" not in page
    assert "data-waits" not in page


def test_the_form_sent_back_as_it_is_changes_nothing(
    operator: Browser, session: Session, chosen: TargetDraft
) -> None:
    operator.post(f"/drafts/{chosen.id}/edit", typed(operator, chosen))
    session.expire_all()
    assert (chosen.arguments, chosen.key_fields, chosen.revision) == (RECIPE, ["url"], 1)


def test_fields_are_renamed_removed_and_added(
    operator: Browser, session: Session, chosen: TargetDraft
) -> None:
    form = typed(operator, chosen) | {"field-0-name": "title", "field-0-step-0": "upper"}
    operator.post(f"/drafts/{chosen.id}/edit", form | {"remove": "1"})
    session.expire_all()
    first, second = chosen.arguments["fields"]
    assert first == {"name": "title", "css": "h2", "clean": ["upper"]}
    assert second["name"] == "url"
    answer = operator.post(f"/drafts/{chosen.id}/edit", typed(operator, chosen) | {"add": "1"})
    assert answer.location.endswith("#field-2-name")
    page = operator.get(f"/drafts/{chosen.id}").text
    assert "Write where its value stands" in page.partition('id="field-2-place-fault"')[2][:40]
    assert "The recipe has a fault" in page


def test_a_name_and_a_schedule_outlive_what_is_done_to_the_fields(
    operator: Browser, chosen: TargetDraft
) -> None:
    saving = {"name": "tea", "preset": "0 * * * *", "timezone": "Asia/Tokyo"}
    form = typed(operator, chosen) | saving | {"remove": "2"}
    answer = operator.post(f"/drafts/{chosen.id}/edit", form)
    # The last one went, so its neighbour is next.
    assert answer.location.endswith("#field-1-name")
    page = operator.get(answer.location).text
    assert 'value="tea"' in page
    assert '<option value="0 * * * *" selected>' in page
    assert 'value="Asia/Tokyo" maxlength' in page


def test_a_faulty_selector_is_kept_and_said_beside_its_field(
    operator: Browser, session: Session, chosen: TargetDraft
) -> None:
    form = typed(operator, chosen) | {"field-1-place": "div[[", "most_pages": "many"}
    operator.post(f"/drafts/{chosen.id}/edit", form)
    page = operator.get(f"/drafts/{chosen.id}").text
    assert 'value="div[["' in page
    assert "Is no CSS selector" in page.partition('id="field-1-place-fault"')[2][:40]
    assert "Should be a whole number" in page.partition('id="most_pages-fault"')[2][:40]
    answer = operator.post(f"/drafts/{chosen.id}/save", form | {"name": "shop"})
    assert answer.status_code == 422
    assert session.scalars(select(ScrapingTarget)).all() == []


def test_a_draft_is_saved_as_a_target_with_a_schedule_and_runs(
    operator: Browser, session: Session, chosen: TargetDraft
) -> None:
    form = typed(operator, chosen)
    assert form["name"] == "shop-example"
    answer = operator.post(
        f"/drafts/{chosen.id}/save", form | {"preset": "0 */6 * * *", "run": "1"}
    )
    target = session.scalars(select(ScrapingTarget)).one()
    assert answer.location == f"/targets/{target.id}"
    assert (target.name, target.spider, target.schedule) == (
        "shop-example", "selector", "0 */6 * * *",
    )  # fmt: skip
    assert (target.start_urls, target.arguments, target.key_fields) == ([URL], RECIPE, ["url"])
    assert session.scalars(select(ScrapingJob.target_id)).all() == [target.id]
    assert "Started. Job ID:" in operator.get(answer.location).text
    # The next draft of that website is offered another name.
    assert typed(operator, chosen)["name"] == "shop-example-2"


def test_a_name_that_is_taken_and_a_wrong_schedule_lose_nothing_typed(
    operator: Browser, session: Session, chosen: TargetDraft
) -> None:
    rows.target(session, "shop")
    form = typed(operator, chosen) | {"name": "shop", "cron": "61 * * * *"}
    answer = operator.post(f"/drafts/{chosen.id}/save", form)
    assert answer.status_code == 422
    assert 'value="61 * * * *"' in answer.text
    assert 'id="cron-fault">' in answer.text
    answer = operator.post(f"/drafts/{chosen.id}/save", form | {"cron": ""})
    assert "A target named shop exists already" in answer.text


def test_a_target_is_opened_in_the_builder_and_changed(operator: Browser, session: Session) -> None:
    target = rows.target(
        session, "shop", spider="selector", start_urls=[URL], arguments=RECIPE, schedule="5 4 * * *"
    )
    assert "Edit in the builder" in operator.get(f"/targets/{target.id}").text
    answer = operator.post(f"/targets/{target.id}/draft")
    draft = session.get_one(TargetDraft, UUID(answer.location.rpartition("/")[2]))
    assert (draft.target_id, draft.arguments) == (target.id, RECIPE)
    drafts.propose(session, draft.id, [])
    session.expire_all()
    form = typed(operator, draft) | {"field-0-name": "title"}
    assert "name" not in form
    operator.post(f"/drafts/{draft.id}/save", form)
    session.expire_all()
    assert target.arguments["fields"][0]["name"] == "title"
    assert (target.schedule, target.start_urls) == ("5 4 * * *", [URL])


def test_a_draft_without_an_answer_says_so_and_can_be_asked_about_again(
    operator: Browser, session: Session, chosen: TargetDraft, redis_url: str
) -> None:
    drafts.ask_for_further(session, chosen.id)
    chosen.asked_at -= drafts.OVERDUE
    session.flush()
    page = operator.get(f"/drafts/{chosen.id}")
    assert "No worker has answered for 30 seconds" in page.text
    assert "data-waits" not in page.text
    operator.post(f"/drafts/{chosen.id}/again")
    assert inspection.queue_length("control") == 1
    assert "Reading…" in operator.get(f"/drafts/{chosen.id}").text


def test_a_draft_that_is_gone_says_so(operator: Browser) -> None:
    answer = operator.get("/drafts/00000000-0000-4000-8000-000000000000")
    assert answer.status_code == 404
    assert "kept for a week" in answer.text


@pytest.mark.parametrize(
    ("spider", "arguments"),
    [
        ("structured", {"types": ["Product"], "fields": [{"name": "a", "path": "offers.price"}]}),
        ("structured", {}),
        ("feed", {"fields": ["url", "title"]}),
        (
            "api",
            {
                "list": "data.products",
                "fields": [{"name": "a", "path": "title", "clean": ["strip"], "required": True}],
                "next_page": {"parameter": "skip", "from": 0, "by": 30},
                "headers": {"Accept": "application/json"},
            },
        ),
        (
            "sitemap",
            {
                "pattern": "/p/",
                "page": {"selector": {"fields": [{"name": "a", "xpath": "string(h1)"}]}},
                "most_pages": 50,
            },
        ),
        ("sitemap", {"page": {"structured": {"types": ["Product"]}}}),
        (
            "selector",
            {
                "fields": [
                    {"name": "a", "css": "h1", "take": "joined", "clean": [
                        {"step": "date", "locale": "ja", "order": "YMD"},
                        {"step": "match", "pattern": "a b"},
                    ]},
                ],
                "follow": [{"css": "a.p", "most": 20}, {"pattern": "/p/"}],
            },
        ),
    ],
)  # fmt: skip
def test_each_recipe_survives_its_form(
    operator: Browser, session: Session, draft: TargetDraft, spider: str, arguments: dict[str, Any]
) -> None:
    drafts.edit(session, draft.id, Recipe(spider, arguments), is_whole=True)
    session.expire_all()
    answer = operator.post(f"/drafts/{draft.id}/edit", typed(operator, draft))
    assert answer.status_code == 303
    session.expire_all()
    assert (draft.spider, draft.arguments, draft.revision) == (spider, arguments, 1)
