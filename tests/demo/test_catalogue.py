"""What the shop sells: the same for everybody, and different from day to day."""

import os
import subprocess
import sys
import tracemalloc
from datetime import date, timedelta

import pytest

from demo.catalogue import DAY_ZERO, Shop, day_of

DAYS = (0, 1, 6, 299, 300, 301, 5_000)


def test_another_process_sees_the_same_products():
    code = "from demo.catalogue import Shop; print(Shop().products(300))"
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert seen == {str(Shop().products(300))}


def test_the_usual_shop_sells_sixty_products_in_five_categories():
    products = Shop().products(300)
    assert len({product.sku for product in products}) == 60
    assert len({product.name for product in products}) == 60
    assert len({product.category for product in products}) == 5
    assert any(not product.name.isascii() for product in products)


def test_every_product_can_be_bought_at_a_price_or_is_sold_out():
    products = Shop(2_000).products(300)
    assert all(0 < product.price < 1_000 for product in products)
    assert all(product.price == round(product.price, 2) for product in products)
    assert any(product.stock == 0 for product in products)
    assert all(0 <= product.stock < 100 for product in products)


@pytest.mark.parametrize("day", DAYS)
def test_each_day_one_product_appears_and_one_vanishes(day):
    changes = Shop().changes(day, day + 1)
    assert len(changes.new) == 1
    assert len(changes.gone) == 1
    assert len(changes.changed) + len(changes.unchanged) == 59


@pytest.mark.parametrize("day", DAYS)
def test_from_one_day_to_the_next_some_prices_change_some_stocks_change_and_most_stay(day):
    shop = Shop()
    changes = shop.changes(day, day + 1)
    before = {product.sku: product for product in shop.products(day)}
    after = {product.sku: product for product in shop.products(day + 1)}
    assert any(before[sku].price != after[sku].price for sku in changes.changed)
    assert any(before[sku].stock != after[sku].stock for sku in changes.changed)
    assert len(changes.unchanged) > len(changes.changed) > 5


def test_the_changes_are_those_between_the_two_lists():
    shop = Shop()
    before = {product.sku: product for product in shop.products(300)}
    after = {product.sku: product for product in shop.products(303)}
    changes = shop.changes(300, 303)
    assert changes.new == after.keys() - before.keys()
    assert changes.gone == before.keys() - after.keys()
    both = before.keys() & after.keys()
    assert changes.changed == {sku for sku in both if before[sku] != after[sku]}
    assert changes.unchanged == both - changes.changed


def test_a_product_that_changed_says_when():
    shop = Shop()
    changes = shop.changes(300, 301)
    today = DAY_ZERO + timedelta(days=301)
    for product in shop.products(301):
        is_of_today = product.sku in changes.new | changes.changed
        assert (product.updated == today) == is_of_today


def test_a_product_is_found_by_its_sku_on_its_days_only():
    shop = Shop()
    oldest = shop.products(300)[0]
    assert shop.product(oldest.sku, 300) == oldest
    assert shop.product(oldest.sku, 301) is None
    for sku in ("", "KM-", "KM-1", "km-000300", "KM-0000300", "KM-000３00", oldest.sku + "\n"):
        assert shop.product(sku, 300) is None


def test_products_listings_and_home_add_up_to_the_size():
    for pages in (*range(5, 1_200), 4_321, 100_000, 1_000_000):
        shop = Shop(pages)
        assert 1 + shop.listings + shop.size == pages
        assert sum(shop.shelf_pages) == shop.listings


@pytest.mark.parametrize("day", [0, 300, 303])
@pytest.mark.parametrize("pages", [5, 9, 37, 71, 72, 200, 1_500])
def test_every_product_is_on_exactly_one_listing_page_and_no_page_is_empty(pages, day):
    shop = Shop(pages)
    listed = []
    for category in shop.categories:
        shelf = shop.shelf(category.slug, day)
        for number in range(1, shelf.pages + 1):
            assert shelf.page(number)
            listed += shelf.page(number)
    assert sorted(listed) == list(shop.serials(day))


def test_a_shop_of_a_million_pages_is_not_built_in_memory():
    tracemalloc.start()
    try:
        shop = Shop(1_000_000)
        assert shop.product("KM-900000", 300) is not None
        assert len(shop.shelf("tea", 300).page(4_000)) in {23, 24}
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100_000


@pytest.mark.parametrize("pages", [-1, 0, 4, 1_000_001])
def test_a_size_the_shop_cannot_have_is_refused(pages):
    with pytest.raises(ValueError, match="The shop has 5 to 1,000,000 pages"):
        Shop(pages)


@pytest.mark.parametrize("day", [-1, 100_000])
def test_a_day_the_shop_is_closed_is_refused(day):
    with pytest.raises(ValueError, match="open from day 0"):
        Shop().products(day)


def test_the_shops_own_day_moves_with_the_calendar():
    assert day_of(date(2026, 1, 1)) == 0
    assert day_of(date(2026, 11, 22)) == 325
    assert day_of(date(1999, 12, 31)) == 0
