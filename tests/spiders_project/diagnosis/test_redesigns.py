"""Redesigns of a page that empty a field: the first candidate reads its values again."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from orchestrator.ledger.recipes import corrections
from spiders_project.diagnosis import Question, diagnose
from spiders_project.extraction import Page, extract

URL = "https://shop.test/tea"
WARES = [("Sencha", "12.50", "20.00"), ("Gyokuro", "31.00", "45.50"), ("Bancha", "8.20", "9.00")]
WARES += [
    ("Hojicha", "9.90", "11.00"),
    ("Genmaicha", "7.75", "12.40"),
    ("Matcha", "54.00", "60.00"),
]

LIST: dict[str, Any] = {
    "items": {"css": ".product"},
    "fields": [
        {"name": "name", "css": "h2"},
        {"name": "price", "css": ".box .price", "clean": ["price"]},
    ],
}
ONE: dict[str, Any] = {
    "fields": [
        {"name": "name", "css": "h1"},
        {"name": "price", "css": "#price", "clean": ["price"]},
    ]
}
API: dict[str, Any] = {
    "list": "data.products",
    "fields": [{"name": "name", "path": "title"}, {"name": "price", "path": "price"}],
}


def page(body: str, kind: str = "text/html") -> Page:
    return Page(URL, body.encode(), {"content-type": f"{kind}; charset=utf-8"})


def listed(ware: str, before: str = "", around: str = "{}") -> Page:
    """A page of a shop, in which each ware is written so."""
    wares = "".join(ware.format(name, price, old) for name, price, old in WARES)
    top = '<nav><a href="/">Home</a> <span class="total">3 in your basket</span></nav>'
    return page(f"<html><body>{top}{before}<main>{around.format(wares)}</main></body></html>")


OLD = listed(
    '<div class="product"><h2>{0}</h2><div class="box"><del>£{2}</del>'
    '<span class="price">£{1}</span></div><a href="/p/{0}">More</a></div>'
)

LISTS = {
    "its class has another name": listed(
        '<div class="product"><h2>{0}</h2><div class="box"><del>£{2}</del>'
        '<span class="amount-now">£{1}</span></div><a href="/p/{0}">More</a></div>'
    ),
    "it is wrapped in another element": listed(
        '<div class="product"><h2>{0}</h2><section class="offer"><p><del>£{2}</del></p>'
        '<p><span class="price">£{1}</span></p></section><a href="/p/{0}">More</a></div>'
    ),
    "it has moved to an attribute": listed(
        '<div class="product" data-old="{2}"><h2>{0}</h2><div class="box">'
        '<span class="cost" data-amount="{1}"></span></div><a href="/p/{0}">More</a></div>'
    ),
    "it is split in two elements": listed(
        '<div class="product"><h2>{0}</h2><div class="box"><del>£{2}</del><span class="sum">'
        "£<b>{1}</b><small> each</small></span></div></div>"
    ),
    "its currency stands behind it": listed(
        '<div class="product"><h2>{0}</h2><div class="box"><del>{2} GBP</del>'
        '<em>{1} GBP</em></div><a href="/p/{0}">More</a></div>'
    ),
    "its class is a hash": listed(
        '<div class="product"><h2>{0}</h2><div class="css-1x9aZ"><del>£{2}</del>'
        '<span class="sc-3xY7z">£{1}</span></div><a href="/p/{0}">More</a></div>'
    ),
    "the list is a table now": listed(
        '<tr><td>{0}</td><td class="was">£{2}</td><td class="now">£{1}</td></tr>',
        around='<table class="wares"><thead><tr><th>Tea</th><th>Was</th><th>Now</th></tr></thead>'
        "<tbody>{}</tbody></table>",
    ),
    "the items have another class": listed(
        '<li class="card"><h3>{0}</h3><div class="card-foot"><s>£{2}</s><strong>£{1}</strong></div>'
        "</li>",
        around="<ul>{}</ul>",
    ),
}


def first(recipe: Mapping[str, Any], before: Page, now: Page, spider: str = "selector") -> Any:
    """What the first candidate reads from the new page, as the extraction reads it."""
    found = diagnose(Question("price", (spider, recipe), now, before))
    assert found["now"]["filled"] == 0
    best = found["candidates"][0]["place"]
    changed = corrections.corrected(spider, recipe, "price", best)
    rows = extract(now, spider, changed).rows
    return [row.get("price") for row in rows if row.get("price") is not None]


@pytest.mark.parametrize("redesign", LISTS)
def test_the_first_candidate_reads_the_old_values(redesign: str) -> None:
    assert first(LIST, OLD, LISTS[redesign]) == [float(price) for _, price, _ in WARES]


ONE_OLD = '<h1>Sencha</h1><p>Was <s>£20.00</s></p><b id="price">£12.50</b><p>Ships in 3 days.</p>'
ONES = {
    "its id has another name": ONE_OLD.replace('id="price"', 'id="price-now"'),
    "it stands in a list of labels": "<h1>Sencha</h1><dl><dt>Weight</dt><dd>100 g</dd>"
    "<dt>Price</dt><dd>12,50 £</dd><dt>Was</dt><dd>20,00 £</dd></dl>",
    "it is described for machines only": '<h1>Sencha</h1><meta itemprop="price" content="12.50">',
}


@pytest.mark.parametrize("redesign", ONES)
def test_the_first_candidate_of_a_page_that_is_the_item_reads_the_old_value(redesign: str) -> None:
    assert first(ONE, page(ONE_OLD), page(ONES[redesign])) == [12.5]


def answer(key: str, within: str = "data", at: str = "products") -> Page:
    entries = [{"title": n, "id": 7, key: float(p), "rrp": float(o)} for n, p, o in WARES]
    return page(json.dumps({within: {at: entries}, "notes": [{"a": 1}]}), "application/json")


@pytest.mark.parametrize(
    "now",
    [answer("sale_price"), answer("amount", "result", "entries")],
    ids=["its key has another name", "the list has another name"],
)
def test_the_first_candidate_in_an_answer_of_json_reads_the_old_values(now: Page) -> None:
    assert first(API, answer("price"), now, "api") == [float(price) for _, price, _ in WARES]


def described(**offer: Any) -> Page:
    told = {"@type": "Product", "name": "Sencha", **offer}
    return page(f'<script type="application/ld+json">{json.dumps(told)}</script>')


def test_the_first_candidate_in_a_description_reads_the_old_value() -> None:
    recipe = {"types": ["Product"], "fields": [{"name": "price", "path": "offers.price"}]}
    now = described(offers={"priceSpecification": {"price": "12.50"}, "priceCurrency": "GBP"})
    assert first(recipe, described(offers={"price": "12.50"}), now, "structured") == ["12.50"]


def test_prices_of_other_wares_are_found_by_their_kind_and_name() -> None:
    others = [(f"Tea {n}", f"{n}.95", f"{n + 10}.95") for n in range(20, 26)]
    ware = '<div class="product"><h2>{0}</h2><i>4 stars</i><p class="unit-price">£{1}</p></div>'
    now = page("".join(ware.format(*each) for each in others))
    assert first(LIST, OLD, now) == [float(price) for _, price, _ in others]


def test_what_is_left_of_a_selector_is_named() -> None:
    found = diagnose(
        Question("price", ("selector", LIST), LISTS["its class has another name"], OLD)
    )
    assert found["remains"] == {"selector": ".box", "count": 6}
    assert (found["before"]["filled"], found["before"]["of"], found["now"]["of"]) == (6, 6, 6)
    assert found["before"]["values"][0] == "12.5"
    assert next(line["text"].strip() for line in found["lines_before"] if line.get("marked")) == (
        '<span class="price">£12.50'
    )
    assert any("amount-now" in line["text"] for line in found["lines_now"])


def test_items_that_are_lost_are_said_to_be() -> None:
    found = diagnose(Question("price", ("selector", LIST), LISTS["the list is a table now"], OLD))
    assert (found["items_lost"], found["remains"]) == (True, None)
    assert "items" in found["candidates"][0]["place"]


def test_a_place_is_tried_on_both_pages() -> None:
    tried = {"css": ".amount-now"}
    question = Question(
        "price", ("selector", LIST), LISTS["its class has another name"], OLD, tried=tried
    )
    trial = diagnose(question)["trial"]
    assert (trial["before"]["filled"], trial["now"]["filled"], trial["now"]["of"]) == (0, 6, 6)
    assert trial["now"]["values"][:2] == ["12.5", "31.0"]


def test_a_recipe_that_was_edited_since_reads_the_old_page_by_its_own() -> None:
    edited = LIST | {"fields": [{"name": "price", "css": ".never", "clean": ["price"]}]}
    now = LISTS["its class has another name"]
    question = Question("price", ("selector", edited), now, OLD, recipe_before=("selector", LIST))
    assert diagnose(question)["candidates"][0]["values"][0] == "£12.50"


def test_of_a_spider_with_code_only_the_differences_are_told() -> None:
    found = diagnose(
        Question("price", ("own_code", {}), LISTS["its currency stands behind it"], OLD)
    )
    assert found["way"] == "text"
    assert {"text": "£12.50", "kind": "gone"} in found["differences"]
    assert {"text": "12.50 GBP", "kind": "new"} in found["differences"]


def test_without_an_earlier_page_nothing_is_guessed() -> None:
    found = diagnose(Question("price", ("selector", LIST), LISTS["its class is a hash"]))
    assert (found["before"], found["candidates"]) == (None, [])


@pytest.mark.parametrize(
    "body",
    ["", "<!-- -->", "<div>" * 50_000, "<p>x</p>" * 200_000, "<table><tr>" * 20_000, "\0<b>£12.50"],
    ids=["empty", "comment", "deep", "long", "tables", "NUL"],
)
def test_hostile_pages_end_in_time_with_something_to_say(body: str) -> None:
    found = diagnose(Question("price", ("selector", LIST), page(body), OLD))
    assert found["way"] == "placed"
    json.dumps(found).encode()
