import re
from typing import Any

import pytest

from orchestrator.ledger import browsing, finding, search
from orchestrator.ledger.browsing import ItemPage
from orchestrator.ledger.item_views import FieldFilter, ItemView, Operator, Place
from tests.orchestrator.ledger import given, scraped
from tests.orchestrator.ledger.test_job_lists import explained

pytestmark = pytest.mark.usefixtures("database")

PRODUCT = (
    "jsonb_build_object('n', n, 'name', 'stool ' || n, 'colour', (ARRAY['red', 'blue'])[1 + n % 2])"
)
#: As `scraped.many` makes them: five of each moment, the newest first.
LATEST_FIRST = sorted(range(1, 1_001), key=lambda n: (n // 5, -n))


def page(target_id: int, view: ItemView, **options: Any) -> ItemPage:
    return given.do(browsing.page, target_id, view, **options)


def numbers(shown: ItemPage) -> list[int]:
    return [item.data["n"] for item in shown.items]


def test_a_page_deep_in_the_past_is_read_by_index(target_id: int) -> None:
    scraped.many(target_id, 3_000)
    scraped.many(given.a_target("other"), 3_000)
    given.execute("ANALYZE scraped_items")
    deep = given.execute(
        "SELECT id, changed_at FROM scraped_items ORDER BY changed_at, id OFFSET 400 LIMIT 1"
    )[0]

    def placed() -> object:
        with browsing_session() as session:
            query = finding._placed(
                ItemView(),
                finding._where(session, target_id, ItemView())[0],
                Place(deep.id, deep.changed_at),
            )
            return session.execute(query.limit(51)).all()

    plan = explained(placed)
    assert "ix_scraped_items_target_changed" in plan
    assert max(map(int, re.findall(r"actual rows=(\d+)", plan))) <= 51
    assert "Sort" not in plan


def browsing_session() -> Any:
    return given.database.transaction()


@pytest.mark.parametrize("few", [10, 10_000])
def test_frequent_and_rare_words_find_the_same(
    few: int, target_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "FEW", few)
    scraped.many(target_id, 200, PRODUCT)
    search.catch_up()
    for view in (
        ItemView(search="stool"),
        ItemView(filters=(FieldFilter("colour", Operator.IS, "blue"),)),
        ItemView(search="stool", filters=(FieldFilter("colour", Operator.IS, "blue"),)),
    ):
        shown = page(target_id, view)
        expected = range(1, 201) if not view.filters else range(1, 201, 2)
        assert set(numbers(shown)) <= set(expected)
        assert len(shown.items) == 50
        assert shown.count == min(len(expected), few + 1)
        assert shown.most == few


def test_what_is_cut_off_leaves_the_transaction_usable(
    target_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    scraped.many(target_id, 20_000)
    monkeypatch.setattr(finding, "SEARCH_MILLISECONDS", 1)
    with given.database.transaction() as session:
        assert browsing.page(session, target_id, ItemView(sort="data.n")).cut_off
        assert search.knowledge(session).until is None


def test_a_count_that_takes_too_long_is_not_told(
    target_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    scraped.many(target_id, 20_000, "jsonb_build_object('n', n, 't', repeat('x', 500))")
    monkeypatch.setattr(finding, "_COUNT_MILLISECONDS", 1)
    view = ItemView(filters=(FieldFilter("t", Operator.CONTAINS, "x"),))
    shown = page(target_id, view)
    assert (shown.count, shown.cut_off) == (None, False)


@pytest.fixture
def large(target_id: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """A target of a thousand items, which counts as large here."""
    monkeypatch.setattr(finding, "MOST_ORDERED", 500)
    scraped.many(target_id, 1_000, PRODUCT)
    search.catch_up()
    return target_id


def test_a_frequent_word_is_found_among_the_next_items(large: int) -> None:
    view = ItemView(search="blue")
    odd = [n for n in LATEST_FIRST if n % 2]
    first = page(large, view)
    assert first.count is None, "it was not looked up"
    assert numbers(first) == odd[:50]
    assert numbers(page(large, view, after=first.next)) == odd[50:100]


def test_a_rare_word_is_looked_up_and_counted(large: int) -> None:
    rare = page(large, ItemView(search="999"))
    assert (rare.count, numbers(rare), rare.looked_to) == (1, [999], False)


def test_a_word_between_is_looked_for_so_far_and_then_further_back(
    large: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "FEW", 20)
    monkeypatch.setattr(finding, "_ASKED", 30)
    monkeypatch.setattr(finding, "_ASKED_FURTHER", 60)
    view = ItemView(search="blue")
    shown = page(large, view)
    assert (shown.looked_to, shown.count) == (True, None)
    found = numbers(shown)
    assert found == [n for n in LATEST_FIRST[:60] if n % 2]
    while shown.next:
        shown = page(large, view, after=shown.next)
        found += numbers(shown)
    assert found == [n for n in LATEST_FIRST if n % 2]
    assert not shown.looked_to, "there is nothing further back"
