"""What a visitor is sent who was here before."""

import urllib.error
import urllib.request
from collections import defaultdict

import pytest

from demo.answers import state_of
from demo.catalogue import Shop
from demo.visit import Visit


def ask(shop, address, **headers):
    """Status, headers and body."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        answer = opener.open(
            urllib.request.Request(shop.url + address, headers=headers), timeout=10
        )
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, answer.headers, answer.read()


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/category/tea?page=2",
        "/products/KM-000310",
        "/products/KM-000310?day=305",
        "/images/KM-000310.svg",
        "/shop.css",
        "/robots.txt",
        "/feed.xml",
        "/sitemap.xml",
    ],
)
def test_who_has_a_page_is_not_sent_it_again(shop, address):
    status, headers, body = ask(shop, address)
    assert status == 200
    assert body
    again, told, nothing = ask(shop, address, If_None_Match=f'"other", {headers["ETag"]}')
    assert (again, nothing, told["ETag"]) == (304, b"", headers["ETag"])
    assert ask(shop, address, If_None_Match='"other"')[0] == 200


def test_a_product_is_as_old_as_its_last_change(shop):
    changed = ask(shop, "/products/KM-000311")[1]["Last-Modified"]
    assert changed.endswith("00:00:00 GMT")
    assert ask(shop, "/products/KM-000311", If_Modified_Since=changed)[0] == 304
    earlier = "Thu, 01 Jan 2026 00:00:00 GMT"
    assert ask(shop, "/products/KM-000311", If_Modified_Since=earlier)[0] == 200
    # The more exact question counts.
    both = {"If_None_Match": '"other"', "If_Modified_Since": changed}
    assert ask(shop, "/products/KM-000311", **both)[0] == 200


def test_a_page_that_is_missing_is_missing_for_everyone(shop):
    status, headers, _ = ask(shop, "/products/KM-999999", If_None_Match="*")
    assert (status, headers["ETag"]) == (404, None)


def test_the_counts_tell_what_was_sent(open_shop):
    shop = open_shop("--day", "300")
    _, headers, body = ask(shop, "/")
    assert shop.stats()["bytes"] == len(body)
    ask(shop, "/", If_None_Match=headers["ETag"])
    assert shop.stats()["bytes"] == len(body)


def test_a_product_in_one_state_is_one_product():
    shop = Shop()
    found = defaultdict(set)
    for day in range(100):
        for product in shop.products(day):
            found[state_of(product, Visit(day, asked=False, origin=""), shop.pages)].add(product)
    assert {len(products) for products in found.values()} == {1}
    assert len(found) == len({product for products in found.values() for product in products})


def test_a_page_whose_links_carry_a_day_is_another_on_each():
    [product, *_] = Shop().products(0)
    states = {state_of(product, Visit(day, asked=True, origin=""), 71) for day in (0, 1)}
    assert len(states) == 2
