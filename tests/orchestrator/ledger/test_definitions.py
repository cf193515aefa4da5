"""Each bad input names its field; whatever passes can be stored."""

import math
from datetime import UTC, datetime
from typing import Any

import pytest

from orchestrator.exceptions import Sentence, TargetInvalid
from orchestrator.ledger import definitions, targets
from tests.orchestrator.ledger import given

DEEP: dict[str, Any] = {}
for _ in range(20_000):
    DEEP = {"in": DEEP}


def told(value: Any) -> str:
    try:
        return ascii(value)[:40]
    except RecursionError:
        return "deep"


BAD = [
    ("name", ""),
    ("name", "Shop"),
    ("name", "my shop"),
    ("name", "a/b"),
    ("name", "../etc"),
    ("name", "-shop"),
    ("name", "shop\n"),
    ("name", "shop\0"),
    ("name", "蜘蛛"),
    ("name", "s" * 101),
    ("name", 5),
    ("name", None),
    ("spider", ""),
    ("spider", "  "),
    ("spider", "a\nb"),
    ("spider", "a\0b"),
    ("spider", "\ud800"),
    ("spider", "s" * 201),
    ("spider", None),
    ("start_urls", "https://example.com"),
    ("start_urls", ["example.com"]),
    ("start_urls", ["ftp://example.com"]),
    ("start_urls", ["file:///etc/passwd"]),
    ("start_urls", ["javascript:alert(1)"]),
    ("start_urls", ["http://"]),
    ("start_urls", ["http://[::1"]),
    ("start_urls", ["https://product grid/"]),
    ("start_urls", ["http://example.com:99999/"]),
    ("start_urls", ["http://example.com:port/"]),
    ("start_urls", ["http://exam\nple.com/"]),
    ("start_urls", ["http://example.com/\0"]),
    ("start_urls", ["http://example.com/\ud800"]),
    ("start_urls", ["http://example.com/" + "a" * 8_000]),
    ("start_urls", ["https://example.com"] * 10_001),
    ("start_urls", [None]),
    ("arguments", []),
    ("arguments", "a=b"),
    ("arguments", {"": 1}),
    ("arguments", {"a b": 1}),
    ("arguments", {"a\0": 1}),
    ("arguments", {"a": datetime(2026, 1, 1, tzinfo=UTC)}),
    ("arguments", {"a": {1: 2}}),
    ("arguments", {"a": "nul \0"}),
    ("arguments", {"a": {"nul \0": 1}}),
    ("arguments", {"a": "\ud800"}),
    ("arguments", {"a": math.nan}),
    ("arguments", {"a": [math.inf]}),
    ("arguments", {"a": 2**64}),
    ("arguments", {"a": DEEP}),
    ("arguments", {"a": "x" * 70_000}),
    ("settings", []),
    ("settings", {"ITEM_PIPELINES": {"os.system": 1}}),
    ("settings", {"download_delay": 1}),
    ("settings", {"DOWNLOAD_DELAY": "1"}),
    ("key_fields", "sku"),
    ("key_fields", [""]),
    ("key_fields", ["a\0"]),
    ("key_fields", ["k"] * 21),
    ("active", "yes"),
    ("active", None),
    ("priority", -1),
    ("priority", 10),
    ("priority", "5"),
    ("priority", 5.5),
    ("priority", True),
    ("schedule", "every day"),
    ("schedule", "0 0 30 2 *"),
    ("schedule", "* * * * *" + " " * 5 + "*"),
    ("timezone", "Asia/Atlantis"),
    ("timezone", "../../etc/localtime"),
    ("timezone", "\0"),
    ("max_attempts", 0),
    ("max_attempts", 101),
    ("max_attempts", "3"),
    ("crawlers", 0),
    ("crawlers", 65),
    ("crawlers", True),
    ("worker_tag", "EU"),
    ("worker_tag", "-eu"),
    ("worker_tag", "eu,us"),
    ("worker_tag", "e\nu"),
    ("worker_tag", "e" * 41),
    ("worker_tag", 7),
    ("tags", "shops"),
    ("tags", ["a, b"]),
    ("tags", ["t" * 51]),
    ("settings", {"\ud800": 1}),
    ("favourite_colour", "blue"),
    ("id", 7),
    ("deleted_at", None),
]


@pytest.mark.parametrize(("field", "value"), BAD, ids=told)
def test_what_is_wrong_names_its_field(field: str, value: Any) -> None:
    fields = {"name": "shop", "spider": "shop", field: value}
    with pytest.raises(TargetInvalid) as raised:
        definitions.check(fields)
    assert raised.value.faults.keys() == {field}
    sentence = raised.value.faults[field]
    assert 0 < len(sentence) < 1_000
    assert "\n" not in sentence


@pytest.mark.parametrize(("field", "value"), BAD, ids=told)
def test_a_fault_can_be_said_in_another_language_and_shown_on_a_page(
    field: str, value: Any
) -> None:
    with pytest.raises(TargetInvalid) as raised:
        definitions.check({"name": "shop", "spider": "shop", field: value})
    fault = raised.value.faults[field]
    assert isinstance(fault, Sentence)
    assert fault == fault.pattern % fault.values
    assert fault != "is not understood"
    fault.encode()


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("priority", 10, "should be 9 or less"),
        ("max_attempts", 0, "should be 1 or more"),
        ("worker_tag", "EU", "should be small letters, digits, - and _"),
        ("key_fields", ["sku", " "], "entry 2 should not be empty"),
        ("tags", ["a", "b, c"], "a tag has no comma in it"),
        ("settings", {"FEEDS": {}, "RETRY_TIMES": 99}, "; RETRY_TIMES should be between 0 and 20"),
        ("settings", {"\ud800": 1}, "? cannot be set by a target"),
        ("spider", None, "should be text"),
    ],
)
def test_a_fault_says_what_would_be_right(field: str, value: Any, sentence: str) -> None:
    with pytest.raises(TargetInvalid) as raised:
        definitions.check({"name": "shop", "spider": "shop", field: value})
    assert sentence in raised.value.faults[field]


GOOD = [
    ("name", "0"),
    ("name", "a-b_c" + "d" * 95),
    ("spider", " books "),
    ("start_urls", ["HTTP://例え.jp/?q=é#x", "https://user:pw@[::1]:8080/", " https://a.b "]),
    ("arguments", {"a": {"b": [1, 2.5, None, True, "蜘蛛 😀"]}, "n": -(2**63)}),
    ("arguments", {"text": "back\\u0000slash"}),
    ("settings", {"DOWNLOAD_DELAY": 1, "HTTPERROR_ALLOWED_CODES": [404], "USER_AGENT": "me"}),
    ("key_fields", ["商品番号", "colour"]),
    ("schedule", "30 3 * * mon"),
    ("schedule", "  "),
    ("schedule", None),
    ("timezone", "Asia/Tokyo"),
    ("timezone", ""),
    ("priority", 0),
    ("max_attempts", 100),
    ("crawlers", 64),
    ("worker_tag", "0" + "e_-" * 13),
    ("worker_tag", " eu "),
    ("worker_tag", " "),
    ("worker_tag", None),
    ("active", False),
]


@pytest.mark.parametrize(("field", "value"), GOOD, ids=told)
def test_what_is_right_passes(field: str, value: Any) -> None:
    definitions.check({"name": "shop", "spider": "shop", field: value})


@pytest.mark.usefixtures("database")
def test_what_passes_can_be_stored_and_requested() -> None:
    for number, (field, value) in enumerate(GOOD):
        target_id = given.a_target(**{"name": f"shop-{number}", field: value})
        assert given.answer(target_id).started, field


def test_what_is_missing_is_named() -> None:
    with pytest.raises(TargetInvalid) as raised:
        definitions.check({})
    assert raised.value.faults.keys() == {"name", "spider"}


def test_all_faults_are_named_at_once() -> None:
    with pytest.raises(TargetInvalid) as raised:
        definitions.check({"name": "A", "spider": "", "priority": 77, "schedule": "soon"})
    assert raised.value.faults.keys() == {"name", "spider", "priority", "schedule"}
    assert "priority: " in str(raised.value)


def test_the_fault_of_a_name_says_how_to_write_one() -> None:
    with pytest.raises(TargetInvalid, match="name: should be small letters, digits"):
        definitions.check({"name": "My Shop", "spider": "shop"})


@pytest.mark.usefixtures("database")
def test_the_defaults_are_those_of_the_table() -> None:
    stated = definitions.check({"name": "shop", "spider": "shop"}).model_dump()
    given.execute("INSERT INTO scraping_targets (name, spider) VALUES ('shop', 'shop')")
    target = given.do(targets.find, "shop")
    assert {name: getattr(target, name) for name in stated} == stated
