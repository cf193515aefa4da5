import re
import uuid
from typing import Any

import pytest

from orchestrator.ledger import browsing, search
from orchestrator.ledger.browsing import ItemPage
from orchestrator.ledger.item_views import FieldFilter, ItemView, Operator, Place
from tests.orchestrator.ledger import given, scraped
from tests.orchestrator.ledger.test_history import explained

pytestmark = pytest.mark.usefixtures("database")

PRODUCT = (
    "jsonb_build_object('n', n, 'name', 'stool ' || n, 'colour', (ARRAY['red', 'blue'])[1 + n % 2])"
)


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
            query = browsing._placed(
                ItemView(),
                browsing._where(session, target_id, ItemView())[0],
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
    monkeypatch.setattr(browsing, "_FEW", few)
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


def test_a_value_that_changed_is_not_found_by_what_it_was(target_id: int) -> None:
    scraped.many(target_id, 2, PRODUCT)
    search.catch_up()
    given.execute('UPDATE scraped_items SET data = \'{"colour": "green"}\' WHERE id = 1')
    red = ItemView(filters=(FieldFilter("colour", Operator.IS, "blue"),))
    assert page(target_id, red).count == 0


def test_long_values_and_many_fields_are_cut_but_for_chosen_columns(target_id: int) -> None:
    many = "(SELECT jsonb_object_agg('f' || to_char(f, 'FM000'), repeat('x', 5000))"
    scraped.many(target_id, 1, f"{many} FROM generate_series(1, 50) f)")
    (item,) = page(target_id, ItemView()).items
    assert len(item.data) == 30
    assert max(map(len, item.data.values())) == 300
    (item,) = page(target_id, ItemView(), columns=["f050"]).items
    assert len(item.data) == 31
    assert "f050" in item.data


def test_a_place_whose_item_is_gone_begins_with_those_without_the_field(target_id: int) -> None:
    scraped.many(target_id, 3, PRODUCT)
    view = ItemView(sort="data.n", ascending=True)
    assert numbers(page(target_id, view, after=Place(10**9))) == []


def test_what_is_cut_off_leaves_the_transaction_usable(
    target_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    scraped.many(target_id, 20_000)
    monkeypatch.setattr(browsing, "_PAGE_MILLISECONDS", 1)
    with given.database.transaction() as session:
        assert browsing.page(session, target_id, ItemView(sort="data.n")).cut_off
        assert search.knowledge(session).until is None


def test_a_count_that_takes_too_long_is_not_told(
    target_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    scraped.many(target_id, 20_000, "jsonb_build_object('n', n, 't', repeat('x', 500))")
    monkeypatch.setattr(browsing, "_COUNT_MILLISECONDS", 1)
    view = ItemView(filters=(FieldFilter("t", Operator.CONTAINS, "x"),))
    shown = page(target_id, view)
    assert (shown.count, shown.cut_off) == (None, False)


def test_the_items_of_a_job_are_cut_in_fields_and_letters(target_id: int) -> None:
    job_id = given.a_job(target_id)
    given.execute(
        "INSERT INTO scraped_items (target_id, key, data, content_hash, last_job_id)"
        " SELECT :target, 'k' || n, jsonb_build_object('long', repeat('x', 100000), 'n', n,"
        " 'none', null, 'list', jsonb_build_array(1, 2))"
        " || (SELECT jsonb_object_agg('f' || f, f) FROM generate_series(1, 50) f), '', :job"
        " FROM generate_series(1, 3) n",
        target=target_id,
        job=job_id,
    )
    previews = given.do(browsing.of_job, job_id, most=2)
    assert [each.key for each in previews] == ["k1", "k2"]
    assert all(0 < len(each.data) < 50 for each in previews)
    assert len(str(previews[0].data)) < 5_000
    assert given.do(browsing.of_job, uuid.uuid4()) == []
