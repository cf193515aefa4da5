"""What tells items apart, and the stated rule for what Postgres cannot hold."""

import json
import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as some

from orchestrator.ledger import items
from orchestrator.ledger.items import MOST_BYTES, Rejection, StorableItem, storable


def _stored(data: dict[str, Any], *key_fields: str) -> StorableItem:
    item = storable(data, key_fields)
    assert isinstance(item, StorableItem), item
    return item


def _data(value: Any) -> Any:
    return json.loads(_stored({"value": value}).data)["value"]


def _refusal(data: dict[str, Any], *key_fields: str) -> Rejection:
    rejection = storable(data, key_fields)
    assert isinstance(rejection, Rejection), rejection
    return rejection


# Keys


def test_the_key_is_the_value_of_the_key_field() -> None:
    assert _stored({"sku": "KM-1", "url": "http://a.test/"}, "sku").key == "KM-1"


def test_several_key_fields_make_one_key() -> None:
    one, other = _stored({"a": "1", "b": "23"}, "a", "b"), _stored({"a": "12", "b": "3"}, "a", "b")
    assert one.key == '["1","23"]'
    assert one.key != other.key


def test_a_number_and_its_text_are_different_keys_only_of_several_fields() -> None:
    assert _stored({"id": 7}, "id").key == "7"
    assert _stored({"id": 7, "b": 1}, "id", "b").key == "[7,1]"


def test_without_key_fields_the_url_is_the_key() -> None:
    assert _stored({"url": "http://a.test/1", "n": 1}).key == "http://a.test/1"


def test_without_either_the_whole_content_is_the_key() -> None:
    one, same, other = _stored({"a": 1, "b": 2}), _stored({"b": 2, "a": 1}), _stored({"a": 2})
    assert one.key == same.key
    assert one.key != other.key


def test_a_long_key_is_shortened_and_stays_its_own() -> None:
    one, other = _stored({"id": "x" * 3_000}, "id"), _stored({"id": "x" * 3_001}, "id")
    assert len(one.key.encode()) < 2_700
    assert one.key != other.key


@pytest.mark.parametrize("data", [{}, {"id": None}, {"id": ""}])
def test_an_item_without_its_key_is_rejected(data: dict[str, Any]) -> None:
    reason = "its key field id is empty, so it cannot be told apart"
    assert _refusal({"name": "x"} | data, "id").reason == reason


def test_zero_and_false_are_keys() -> None:
    assert _stored({"id": 0}, "id").key == "0"
    assert _stored({"id": False}, "id").key == "false"


# Content


def test_the_order_of_fields_makes_no_change() -> None:
    assert _stored({"a": 1, "b": {"c": 1, "d": 2}}).content_hash == (
        _stored({"b": {"d": 2, "c": 1}, "a": 1}).content_hash
    )


def test_any_other_value_is_a_change() -> None:
    hashes = {
        _stored({"a": value}).content_hash for value in (1, 2, "1", None, [1], {"a": 1}, 1.5, True)
    }
    assert len(hashes) == 8


# The rule


@pytest.mark.parametrize(
    ("value", "held"),
    [
        ("a\0b", "a\ufffdb"),
        ("a\ud800b", "a\ufffdb"),
        ("蜘蛛\udfff", "蜘蛛\ufffd"),
        ("the six characters \\u0000", "the six characters \\u0000"),
        (float("nan"), None),
        (float("inf"), None),
        ([1.5, float("-inf")], [1.5, None]),
        (2**63 - 1, 2**63 - 1),
        (2**70, str(2**70)),
        (-(2**70), str(-(2**70))),
        (Decimal("12.50"), "12.50"),
        ((1, 2), [1, 2]),
        ({"b", "a"}, ["a", "b"]),
        (b"ab\xff", "ab\ufffd"),
        (datetime(2026, 11, 22, tzinfo=UTC), "2026-11-22T00:00:00+00:00"),
        (date(2026, 11, 22), "2026-11-22"),
        ({"a\0": {"b\ud800": "c\0"}}, {"a\ufffd": {"b\ufffd": "c\ufffd"}}),
    ],
)
def test_what_postgres_cannot_hold_is_repaired(value: Any, held: Any) -> None:
    assert _data(value) == held


def test_a_set_is_in_order() -> None:
    assert _data(set("hgfedcba")) == [*"abcdefgh"]


def test_a_set_is_in_order_beside_a_text_that_was_repaired() -> None:
    many = {str(number) for number in range(100)}
    stored = json.loads(_stored({"tags": many, "x": "\0"}).data)
    assert stored["tags"] == sorted(many)


def test_a_nul_in_bytes_is_repaired_as_one_in_text() -> None:
    assert _data(b"a\0b") == "a\ufffdb"


def test_a_key_is_repaired_as_its_field_is() -> None:
    assert _stored({"id": "a\0b"}, "id").key == "a\ufffdb"


@pytest.mark.parametrize("levels", [1_000, 20_000])
def test_deep_nesting_is_rejected(levels: int) -> None:
    nested: Any = "\0"
    for _ in range(levels):
        nested = [nested]
    assert _refusal({"value": nested}).reason == "it is nested too deeply"


def test_a_large_item_is_rejected_with_its_size() -> None:
    reason = _refusal({"value": "x" * 10_000_000}).reason
    assert reason == "it is too large: 9.5 MB, where 4 MB is the most"
    assert _stored({"value": "x" * (MOST_BYTES - 100)})


def test_what_is_no_json_is_rejected_by_its_kind() -> None:
    reason = _refusal({"value": object()}).reason
    assert reason.startswith("it is no JSON: ")
    assert "object" in reason


def test_a_huge_integer_is_not_written_out() -> None:
    assert _data(1 << 100_000) == "an integer of 100001 bits"


def test_a_rejection_shows_how_the_item_begins() -> None:
    rejection = _refusal({"name": "a\0 lamp", "value": object(), "text": "x" * 10_000})
    assert rejection.excerpt.startswith("{'name': 'a")
    assert len(rejection.excerpt) <= 500
    assert "\0" not in rejection.excerpt


def test_rejections_of_different_items_differ() -> None:
    one, other = _refusal({"name": "a"}, "id"), _refusal({"name": "b"}, "id")
    assert one.content_hash != other.content_hash


anything = some.recursive(
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats()
    | some.text(some.characters(exclude_categories=()), max_size=8)
    | some.binary(max_size=8)
    | some.decimals()
    | some.datetimes()
    | some.builds(uuid4),
    lambda inner: (
        some.lists(inner, max_size=4)
        | some.tuples(inner, inner)
        | some.dictionaries(some.text(some.characters(exclude_categories=())), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(some.dictionaries(some.text(some.characters(exclude_categories=())), anything, max_size=4))
def test_whatever_a_spider_yields_is_storable_or_rejected(data: dict[str, Any]) -> None:
    item = storable(data, [])
    if isinstance(item, Rejection):
        return
    assert _is_clean(json.loads(item.data))
    assert "\0" not in item.key


def _is_clean(value: Any) -> bool:
    """As Postgres wants its jsonb: no NUL, no lone surrogate, no number that is none."""
    if isinstance(value, str):
        return items.clean_text(value) == value
    if isinstance(value, dict):
        return all(_is_clean(name) and _is_clean(each) for name, each in value.items())
    if isinstance(value, list):
        return all(map(_is_clean, value))
    return not isinstance(value, float) or math.isfinite(value)
