from datetime import timedelta
from typing import Any

import pytest

from orchestrator.ledger import finding, listings
from orchestrator.ledger.item_views import FieldFilter, ItemView, Operator
from orchestrator.ledger.listings import ListedPage
from orchestrator.ledger.models import ItemListing, ItemListingPart
from tests.orchestrator.ledger import given, scraped

pytestmark = pytest.mark.usefixtures("database")

#: Prices that fall as numbers rise, so that no other order gives the same.
BY_PRICE = ItemView(sort="data.price", ascending=True)
PRODUCT = "jsonb_build_object('n', n, 'price', 10000 - n)"


@pytest.fixture
def target_id(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(finding, "MOST_ORDERED", 100)
    target_id = given.a_target()
    scraped.many(target_id, 1_100, PRODUCT)
    return target_id


def page(target_id: int, view: ItemView = BY_PRICE, **options: Any) -> ListedPage:
    return given.do(listings.page, target_id, view, **options)


def listed(target_id: int, view: ItemView = BY_PRICE) -> int:
    listing_id = given.do(listings.ask, target_id, view)
    assert listings.make(listing_id)
    return listing_id


def numbers(shown: ListedPage) -> list[int]:
    return [item.data["n"] for item in shown.items.items]


def test_many_items_are_not_put_in_order_while_one_waits(target_id: int) -> None:
    shown = page(target_id)
    assert shown.items.cut_off
    assert shown.listing is None
    few = given.a_target("few")
    scraped.many(few, 100, PRODUCT)
    assert numbers(page(few)) == list(range(100, 50, -1))


def test_a_listing_is_read_page_by_page_to_its_end(target_id: int) -> None:
    listed(target_id)
    shown = page(target_id)
    assert shown.items.count == 1_100
    assert shown.listing
    assert (shown.listing.is_coming, shown.listing.trouble) == (False, None)
    found = numbers(shown)
    while shown.next_number:
        shown = page(target_id, after=shown.next_number)
        found += numbers(shown)
    assert found == list(range(1_100, 0, -1))


def test_a_listing_is_of_the_items_that_the_filters_leave(target_id: int) -> None:
    view = ItemView(filters=(FieldFilter("n", Operator.GREATER, "800"),), sort="data.price")
    listed(target_id, view)
    assert numbers(page(target_id, view))[:3] == [801, 802, 803]
    assert page(target_id, view).items.count == 300
    assert page(target_id).listing is None, "another order is another listing"


def test_one_that_is_being_made_says_so_and_is_not_asked_for_twice(target_id: int) -> None:
    listing_id = given.do(listings.ask, target_id, BY_PRICE)
    shown = page(target_id)
    assert shown.items.cut_off
    assert shown.listing
    assert shown.listing.is_coming
    assert given.do(listings.ask, target_id, BY_PRICE) == listing_id
    assert not given.do(listings.is_made, listing_id)
    assert listings.make(listing_id) == 1_100
    assert given.do(listings.is_made, listing_id)
    assert listings.make(listing_id) is None, "a bell that rings twice makes it once"


def test_one_whose_bell_was_lost_can_be_asked_for_again(target_id: int) -> None:
    listing_id = given.do(listings.ask, target_id, BY_PRICE)
    given.execute("UPDATE item_listings SET asked_at = now() - interval '10 minutes'")
    shown = page(target_id)
    assert shown.listing
    assert not shown.listing.is_coming
    assert given.do(listings.ask, target_id, BY_PRICE) == listing_id
    assert page(target_id).listing == listings.Listing(None, True, None)


def test_the_old_order_is_read_until_the_new_one_is_there(target_id: int) -> None:
    listing_id = listed(target_id)
    given.execute("UPDATE scraped_items SET data = jsonb_build_object('n', n, 'price', n)"
                  " FROM generate_series(1, 1100) n WHERE key = 'k' || n")  # fmt: skip
    given.do(listings.ask, target_id, BY_PRICE)
    shown = page(target_id)
    assert numbers(shown)[0] == 1_100
    assert shown.listing
    assert shown.listing.is_coming
    listings.make(listing_id)
    assert numbers(page(target_id))[0] == 1


def test_what_takes_too_long_to_list_says_so(
    target_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    scraped.many(given.a_target("large"), 30_000, PRODUCT)
    monkeypatch.setattr(listings, "_MAKING_MILLISECONDS", 1)
    listing_id = given.do(listings.ask, target_id, BY_PRICE)
    assert listings.make(listing_id) is None
    shown = page(target_id)
    assert shown.listing
    assert "narrow the search" in (shown.listing.trouble or "")
    assert given.do(listings.is_made, listing_id)


def test_deleted_items_leave_the_places_of_the_others(target_id: int) -> None:
    listed(target_id)
    given.execute("DELETE FROM scraped_items WHERE key IN ('k1100', 'k1000')")
    shown = page(target_id)
    assert numbers(shown) == list(range(1_099, 1_050, -1))
    assert shown.next_number == 50


def test_a_listing_that_nobody_asked_for_since_yesterday_goes(target_id: int) -> None:
    listed(target_id)
    given.execute("UPDATE item_listings SET asked_at = asked_at - :two", two=timedelta(days=2))
    listed(target_id, ItemView(sort="data.n"))
    with given.database.transaction() as session:
        assert [row.view["sort"] for row in session.query(ItemListing)] == ["data.n"]
        assert session.query(ItemListingPart).count() == 2
