"""What is written is read again as the same; what a person wrote stays."""

import time

import pytest

from orchestrator.exceptions import ManifestInvalid
from orchestrator.ledger import targets
from orchestrator.ledger.manifests import plans, reading, writing
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")

RECIPE = {
    "items": {"css": ".book"},
    "fields": [{"name": "title", "css": "h2"}, {"name": "price", "css": ".p"}],
}


def some_targets() -> None:
    given.a_target("shop", spider="demo_shop", schedule="30 3 * * *", timezone="Asia/Tokyo")
    given.a_target("books", spider="selector", start_urls=["https://b.example/"], arguments=RECIPE)
    given.a_target(
        "odd", arguments={"yes": "yes", "date": "2026-01-01", "text": "a: b # c\n\n- d", "n": None},
        tags=["日本", "07"], active=False, overlap="queue", crawl_window="22:00-06:00",
        spread_seconds=0, settings={"DOWNLOAD_DELAY": 0.5}, key_fields=["sku"],
        expectations={"min_items": 2, "required_fields": ["価格"], "item_schema": {"maxItems": 9}},
        publish_anyway=True, crawlers=4, worker_tag="0",
    )  # fmt: skip


def exported(into: str = "") -> str:
    return writing.write(given.do(targets.by_name), into=into).text


def planned(text: str) -> plans.Plan:
    return plans.of(reading.read(text).definitions, given.do(targets.by_name))


def test_what_is_exported_changes_nothing() -> None:
    some_targets()
    text = exported()
    plan = planned(text)
    assert (plan.added, plan.changed, plan.gone, plan.unchanged) == ([], [], [], 3)
    assert exported(text) == text
    assert "priority" not in text, "what is as by default"


def test_no_targets_are_a_file_too() -> None:
    assert planned(exported()).unchanged == 0


WRITTEN = """\
# Ours.

targets:
    # The shop comes first.
    shop:
        spider: "demo_shop"   # quoted
        schedule: 30   3 * * *
        timezone: 'Asia/Tokyo'
        priority: 5   # said aloud
    # This one goes away.
    old:
        spider: gone
        start_urls:
        - https://old.example/

    # Books, by hand.
    books:
        spider: selector
        start_urls:
        - https://b.example/   # all of them
        arguments:
            items: {css: .book}   # each
            fields:
            - {name: title, css: h2}
            # with tax
            - name: price   # in yen
              css: .p

# The end.
"""


def test_a_file_that_means_the_same_is_left_as_it_is() -> None:
    some_targets()
    given.execute("DELETE FROM scraping_targets WHERE name = 'odd'")
    text = writing._without(WRITTEN, reading.read(WRITTEN), ["old"])
    assert exported(text) == text


def test_into_a_file_only_what_differs_is_written() -> None:
    some_targets()
    given.execute("DELETE FROM scraping_targets WHERE name = 'odd'")
    given.execute(
        "UPDATE scraping_targets SET arguments ="
        " jsonb_set(arguments, '{fields,1,css}', '\".q\"') WHERE name = 'books'"
    )
    given.a_target("new")
    text = exported(WRITTEN)
    expected = (
        WRITTEN.replace("css: .p", "css: .q")
        .replace(
            "    # This one goes away.\n    old:\n        spider: gone\n        start_urls:\n"
            "        - https://old.example/\n\n",
            "    # This one goes away.\n\n",
        )
    )  # fmt: skip
    assert text.replace("    new:\n        spider: shop\n", "") == expected
    plan = planned(text)
    assert (plan.added, plan.changed, plan.gone) == ([], [], [])


def test_what_became_the_default_is_taken_out() -> None:
    some_targets()
    text = exported()
    given.execute("UPDATE scraping_targets SET schedule = NULL WHERE name = 'shop'")
    assert "30 3 * * *" not in exported(text)
    assert planned(exported(text)).changed == []


def test_a_file_that_is_no_manifest_is_not_written_into() -> None:
    with pytest.raises(ManifestInvalid):
        exported("targets: [1]\n")


def test_no_secret_is_written() -> None:
    given.a_target("shop", arguments={"login": {"password": "hunter2"}, "tokens": ["abc"]})
    written = writing.write(given.do(targets.by_name))
    assert "hunter2" not in written.text
    assert "abc" not in written.text
    assert [(each.field, each.name) for each in written.left_out] == [
        ("arguments.login.password", "SHOP_LOGIN_PASSWORD"),
        ("arguments.tokens.0", "SHOP_TOKENS_0"),
    ]
    (changed,) = planned(written.text).changed
    assert all(change.secret for change in changed.changes)


def test_five_hundred_targets_are_planned_in_seconds() -> None:
    for n in range(500):
        given.a_target(
            f"shop-{n:03}", spider="selector", start_urls=[f"https://s{n}.example/"],
            arguments=RECIPE, schedule="30 3 * * *",
        )  # fmt: skip
    text = exported()
    began = time.monotonic()
    assert planned(text).unchanged == 500
    assert time.monotonic() - began < 5
