"""The shop's pages as a visitor meets them over HTTP."""

import json
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from parsel import Selector

from demo.catalogue import Shop
from demo.pages import stars, steps

DAY = 300


def walk(shop, start="/"):
    """Every HTML page that links lead to from the start: address → its Selector."""
    found, waiting = {}, [urljoin(shop.url, start)]
    while waiting:
        address = waiting.pop()
        if address in found:
            continue
        answer = shop.get(address)
        assert answer.status == 200, address
        assert answer.content_type == "text/html", address
        found[address] = page = Selector(answer.text)
        waiting += [urljoin(address, href) for href in page.css("a::attr(href)").getall()]
    return found


def skus(pages):
    return {sku for page in pages.values() for sku in page.css(".sku::text").getall()}


@pytest.mark.parametrize("size", [5, 9, 37, 72, 200])
def test_links_lead_to_exactly_as_many_pages_as_the_shop_was_told_to_have(open_shop, size):
    shop = open_shop("--pages", str(size), "--day", str(DAY))
    pages = walk(shop)
    assert len(pages) == size
    assert skus(pages) == {product.sku for product in Shop(size).products(DAY)}


def test_every_link_keeps_the_day_that_was_asked_for(shop):
    pages = walk(shop, "/?day=310")
    assert len(pages) == 71
    assert all(parse_qs(urlsplit(address).query)["day"] == ["310"] for address in pages)
    assert skus(pages) == {product.sku for product in Shop().products(310)}


def test_without_a_day_no_link_carries_one(shop):
    assert not any("day" in parse_qs(urlsplit(address).query) for address in walk(shop))


def test_canonical_addresses_and_product_data_never_carry_a_day(shop):
    for address, page in walk(shop, "/?day=310").items():
        canonical = page.css("link[rel=canonical]::attr(href)").get()
        assert canonical == address.replace("?day=310", "").replace("&day=310", "")
        assert "day=" not in (page.css("script::text").get() or "")


def test_a_product_page_shows_what_the_catalogue_says(shop):
    for product in Shop().products(DAY)[:12]:
        page = Selector(shop.get(product.path).text).css(".product")
        assert page.css("h1::text").get() == product.name
        assert float(page.css(".price data::attr(value)").get()) == product.price
        assert int(page.css(".stock data::attr(value)").get()) == product.stock
        assert float(page.css(".rating data::attr(value)").get()) == product.rating
        assert page.css(".description::text").get() == product.description
        assert page.css(".updated::attr(datetime)").get() == product.updated.isoformat()


def test_json_ld_says_the_same_as_the_catalogue(shop):
    for product in Shop().products(DAY)[:12]:
        page = Selector(shop.get(product.path).text)
        data = json.loads(page.css("script[type='application/ld+json']::text").get())
        assert data["@type"] == "Product"
        assert (data["sku"], data["name"]) == (product.sku, product.name)
        assert data["url"] == shop.url + product.path
        assert float(data["offers"]["price"]) == product.price
        assert data["offers"]["priceCurrency"] == product.currency
        assert data["offers"]["inventoryLevel"]["value"] == product.stock
        assert data["offers"]["availability"].endswith("/InStock") == bool(product.stock)


def test_a_product_that_vanished_is_not_found_and_no_longer_listed(shop):
    (gone,) = Shop().changes(DAY, DAY + 1).gone
    assert shop.get(f"/products/{gone}").status == 200
    answer = shop.get(f"/products/{gone}?day={DAY + 1}")
    assert answer.status == 404
    assert "no such page" in answer.text
    assert gone not in skus(walk(shop, f"/?day={DAY + 1}"))


def test_every_image_of_a_page_is_there(shop):
    for source in Selector(shop.get("/category/tea").text).css("img::attr(src)").getall():
        answer = shop.get(source)
        assert (answer.status, answer.content_type) == (200, "image/svg+xml")
        assert Selector(answer.text, type="xml").xpath("name(/*)").get() == "svg"


@pytest.mark.parametrize(
    "address",
    [
        "/category/none",
        "/category/tea?page=0",
        "/category/tea?page=3",
        "/category/tea?page=x",
        "/products/KM-999999",
        "/products/",
        "/images/x.svg",
        "/sitemap-0.xml",
        "/sitemap-2.xml",
    ],
)
def test_what_the_shop_does_not_have_is_not_found(shop, address):
    answer = shop.get(address)
    assert answer.status == 404
    assert "no such page" in answer.text


@pytest.mark.parametrize("day", ["", "x", "-1", "1.5", "100000", "9" * 5_000, "%EF%BC%93"])
def test_a_day_that_is_none_is_refused_in_one_sentence(shop, day):
    answer = shop.get(f"/?day={day}")
    assert answer.status == 400
    assert "The day in an address is a number from 0 to 99,999." in answer.text


def test_from_any_page_of_a_long_category_every_other_one_is_a_few_steps_away():
    shelf = Shop(1_000_000).shelf("tea", DAY)
    reached, edge, hops = {1}, {1}, 0
    while len(reached) < shelf.pages:
        edge = {step for page in edge for step in steps(page, shelf)} - reached
        reached |= edge
        hops += 1
    assert reached == set(range(1, shelf.pages + 1))
    assert hops < 30


def test_a_rating_is_five_stars_some_of_them_full():
    assert (stars(3.4), stars(5.0)) == ("★★★☆☆", "★★★★★")
