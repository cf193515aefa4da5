"""What is asked of a draft is done once, and an answer that comes late changes nothing."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from orchestrator.exceptions import DraftNotFound, TargetInvalid
from orchestrator.ledger import drafts
from orchestrator.ledger.drafts import Recipe, Taken
from orchestrator.ledger.errands import Errand, KeptPage
from orchestrator.ledger.models import TargetDraft
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")

URL = "https://www.shop.example/list?page=1"
ARGUMENTS: dict[str, Any] = {"fields": [{"name": "title", "css": "h1"}]}
RECIPE = Recipe("selector", ARGUMENTS)
PROPOSAL: dict[str, Any] = {
    "spider": "selector",
    "arguments": ARGUMENTS,
    "start_url": URL,
    "key_fields": [],
    "rows": 3,
}
PREVIEW = {"count": 3}


def begun() -> UUID:
    return given.do(drafts.begin, URL, who="hanako").id


def looked_at() -> UUID:
    draft_id = begun()
    given.do(drafts.take, draft_id)
    given.do(drafts.keep_page, draft_id, 0, KeptPage(URL, 200, {}, b"page"))
    given.do(drafts.propose, draft_id, [PROPOSAL])
    return draft_id


def edited(draft_id: UUID, recipe: Recipe = RECIPE, *, is_whole: bool = True) -> TargetDraft:
    return given.do(drafts.edit, draft_id, recipe, is_whole=is_whole)


def taken(draft_id: UUID) -> Taken | None:
    return given.do(drafts.take, draft_id)


def previews(draft_id: UUID) -> list[Any]:
    return [page.preview for page in given.do(drafts.pages, draft_id)]


def test_an_address_is_kept_as_a_web_address() -> None:
    draft = given.do(drafts.begin, "  shop.example/a b ", who="hanako")
    assert draft.url == "https://shop.example/a b"
    for wrong in ("", "ftp://x/", "javascript:alert(1)", "https://", "http://x:99999/"):
        with pytest.raises(TargetInvalid) as raised:
            given.do(drafts.begin, wrong, who="hanako")
        assert set(raised.value.faults) == {"url"}


def test_a_bell_rung_twice_looks_once() -> None:
    draft_id = begun()
    assert taken(draft_id) == Taken(Errand.LOOK, 0)
    assert taken(draft_id) is None


def test_a_bell_of_a_draft_that_is_gone_does_nothing() -> None:
    assert taken(uuid4()) is None
    with pytest.raises(DraftNotFound, match="kept for a week"):
        given.do(drafts.find, uuid4())


def test_a_look_that_failed_stays_so_until_somebody_asks_again() -> None:
    draft_id = begun()
    taken(draft_id)
    given.do(drafts.fail, draft_id, "robots")
    given.do(drafts.propose, draft_id, [PROPOSAL])
    assert given.do(drafts.find, draft_id).proposals == []
    given.do(drafts.ask_again, draft_id)
    draft = given.do(drafts.find, draft_id)
    assert (draft.status, draft.reason) == ("looking", None)
    assert taken(draft_id) == Taken(Errand.LOOK, 0)


def test_each_edit_asks_for_a_preview_and_one_like_the_last_does_not() -> None:
    draft_id = looked_at()
    assert edited(draft_id).revision == 1
    assert taken(draft_id) == Taken(Errand.PREVIEW, 1)
    given.do(drafts.show, draft_id, 1, {0: PREVIEW})
    assert edited(draft_id).revision == 1
    assert taken(draft_id) is None
    assert previews(draft_id) == [PREVIEW]


def test_the_preview_of_an_earlier_edit_does_not_take_the_place_of_a_later_one() -> None:
    draft_id = looked_at()
    edited(draft_id)
    edited(draft_id, Recipe("selector", {"fields": []}))
    given.do(drafts.show, draft_id, 2, {0: {"count": 2}})
    given.do(drafts.show, draft_id, 1, {0: {"count": 1}})
    given.do(drafts.show_no_preview, draft_id, 1, "too_slow")
    assert previews(draft_id) == [{"count": 2}]
    assert given.do(drafts.find, draft_id).preview_fault is None


def test_a_recipe_with_faults_is_kept_and_asks_nobody() -> None:
    draft_id = looked_at()
    edited(draft_id)
    given.do(drafts.show, draft_id, 1, {0: PREVIEW})
    draft = edited(draft_id, Recipe("selector", {"fields": "none"}), is_whole=False)
    assert (draft.arguments, draft.preview_fault) == ({"fields": "none"}, drafts.FAULTY)
    assert not drafts.waits(draft)
    assert taken(draft_id) is None
    assert previews(draft_id) == [PREVIEW]


def test_a_proposal_that_reads_another_page_is_tried_at_once() -> None:
    draft_id = looked_at()
    given.do(drafts.use, draft_id, PROPOSAL)
    assert taken(draft_id) == Taken(Errand.PREVIEW, 1)
    given.do(drafts.use, draft_id, PROPOSAL | {"rows": None, "start_url": "https://a.example/f"})
    assert taken(draft_id) == Taken(Errand.FURTHER, 1)
    assert given.do(drafts.find, draft_id).start_urls == ["https://a.example/f"]


def test_further_pages_are_fetched_once_and_those_of_before_forgotten() -> None:
    draft_id = looked_at()
    edited(draft_id)
    given.do(drafts.keep_page, draft_id, 1, KeptPage(URL, 200, {}, b""))
    given.do(drafts.ask_for_further, draft_id)
    assert len(previews(draft_id)) == 1
    assert taken(draft_id) == Taken(Errand.FURTHER, 1)
    # An edit meanwhile has a preview of its own.
    assert taken(draft_id) == Taken(Errand.PREVIEW, 1)
    given.do(drafts.end_further, draft_id)
    assert given.do(drafts.find, draft_id).further == "tried"


def test_who_waits_too_long_is_told_and_longer_where_a_worker_has_begun() -> None:
    draft_id = begun()

    def after(seconds: int) -> bool:
        given.execute(
            "UPDATE target_drafts SET asked_at = now() - make_interval(secs => :seconds)",
            seconds=seconds,
        )
        return given.do(lambda session: drafts.is_overdue(session, drafts.find(session, draft_id)))

    assert not after(29)
    assert after(31)
    taken(draft_id)
    assert not after(31)
    assert after(76)
    given.do(drafts.fail, draft_id, "robots")
    assert not after(1_000)


def test_a_name_is_made_of_the_host_and_belongs_to_no_other_target() -> None:
    assert given.do(drafts.free_name, URL) == "shop-example"
    given.a_target("shop-example")
    given.a_target("shop-example-2")
    assert given.do(drafts.free_name, URL) == "shop-example-3"
    assert given.do(drafts.free_name, "https://商店.example/") == "example"
    assert given.do(drafts.free_name, "https://日本/") == "website"
    assert given.do(drafts.free_name, "http://[::1]:80/") == "1"


def test_a_persons_oldest_drafts_make_room_for_new_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "_MOST_DRAFTS", 2)
    first, _ = looked_at(), begun()
    theirs = given.do(drafts.begin, URL, who="taro").id
    given.do(drafts.ask_again, first)
    third = begun()
    left = {draft_id for (draft_id,) in given.execute("SELECT id FROM target_drafts")}
    assert left == {first, third, theirs}
    begun()
    assert given.count("draft_pages") == 0
