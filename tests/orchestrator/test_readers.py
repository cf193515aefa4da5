"""What becomes of processes that read pages, by real ones that say what they should not."""

from collections.abc import Iterator
from uuid import UUID

import pytest
import zstandard

from orchestrator import config, launcher, looks
from orchestrator.ledger import drafts
from orchestrator.ledger.drafts import Recipe
from orchestrator.ledger.errands import Errand, KeptPage
from orchestrator.ledger.models import DraftPage, TargetDraft
from tests.orchestrator import odd_readers
from tests.orchestrator.ledger import given
from tests.scenes import database  # noqa: F401  # for the whole module

NOWHERE = "postgresql://kumo@127.0.0.1:9/nowhere"


@pytest.fixture(scope="module", autouse=True)
def _forkserver(database: str) -> Iterator[None]:  # noqa: F811
    """One that knows no database: no process of this module reaches a table."""
    from multiprocessing import forkserver

    forkserver._forkserver._stop()  # type: ignore[attr-defined]
    config.get()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", NOWHERE)
        launcher.prepare()
    yield
    forkserver._forkserver._stop()  # type: ignore[attr-defined]


@pytest.fixture
def odd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "_LOOK_MODULE", odd_readers.__name__)
    monkeypatch.setitem(looks._SECONDS, Errand.LOOK, 5.0)


def asked(what: str) -> UUID:
    return given.do(drafts.begin, f"https://shop.example/{what}", who="hanako").id


def draft(draft_id: UUID) -> TargetDraft:
    return given.do(drafts.find, draft_id)


def pages(draft_id: UUID) -> list[DraftPage]:
    return list(given.do(drafts.bodies, draft_id))


@pytest.mark.parametrize(
    "what",
    [
        "nothing",
        "closes",
        "no-json",
        "no-frame",
        "too-much-json",
        "too-large-a-page",
        "other-shape",
        "other-kind",
        "proposals-first",
    ],
)
def test_nothing_is_stored_of_an_answer_that_is_none(odd: None, what: str) -> None:
    draft_id = asked(what)
    # It would be too slow if it were waited for.
    assert looks.serve(draft_id) == "broken"
    found = draft(draft_id)
    assert (found.status, found.reason, found.proposals) == ("failed", "broken", [])
    assert pages(draft_id) == []


def test_an_answer_that_stops_half_way_is_not_waited_for_beyond_its_time(
    odd: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(looks._SECONDS, Errand.LOOK, 0.5)
    draft_id = asked("stalls")
    assert looks.serve(draft_id) == "slow_site"
    assert (draft(draft_id).reason, pages(draft_id)) == ("slow_site", [])


def test_what_was_stored_stays_when_what_follows_is_refused(odd: None) -> None:
    draft_id = asked("page-then-no-json")
    assert looks.serve(draft_id) == "broken"
    assert draft(draft_id).reason == "broken"
    assert [page.body for page in pages(draft_id)] == [b"compressed"]


def test_more_than_was_asked_changes_nothing(odd: None) -> None:
    draft_id = asked("more-than-asked")
    assert looks.serve(draft_id) == "broken"
    found = draft(draft_id)
    assert (found.status, found.reason) == ("ready", "nothing")


def test_a_page_that_is_larger_than_a_pipe_comes_whole(odd: None) -> None:
    draft_id = asked("dawdles")
    assert looks.serve(draft_id) == "look"
    [page] = pages(draft_id)
    assert len(page.body) == len(odd_readers.LARGE)


def test_a_page_is_read_by_a_process_that_reaches_no_table() -> None:
    draft_id = asked("list")
    packed = zstandard.compress(b"<li>Tea</li><li>Coffee</li>")
    page = KeptPage("https://shop.example/list", 200, {"content-type": "text/html"}, packed)
    given.do(drafts.keep_page, draft_id, 0, page)
    given.do(drafts.propose, draft_id, [])
    recipe = {"items": {"css": "li"}, "fields": [{"name": "name", "xpath": "."}]}
    given.do(drafts.edit, draft_id, Recipe("selector", recipe), is_whole=True)
    assert looks.serve(draft_id) == "preview"
    [kept] = pages(draft_id)
    assert kept.preview
    assert [row[0]["text"] for row in kept.preview["rows"]] == ["Tea", "Coffee"]
