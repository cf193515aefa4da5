import uuid
from typing import Any

import pytest

from orchestrator.ledger import browsing, search
from orchestrator.ledger.browsing import ItemPage
from orchestrator.ledger.item_views import FieldFilter, ItemView, Operator, Place
from tests.orchestrator.ledger import given, scraped

pytestmark = pytest.mark.usefixtures("database")

PRODUCT = (
    "jsonb_build_object('n', n, 'name', 'stool ' || n, 'colour', (ARRAY['red', 'blue'])[1 + n % 2])"
)


def page(target_id: int, view: ItemView, **options: Any) -> ItemPage:
    return given.do(browsing.page, target_id, view, **options)


def numbers(shown: ItemPage) -> list[int]:
    return [item.data["n"] for item in shown.items]


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
