import time
from typing import Any

import pytest
from pydantic import ValidationError

from orchestrator.exceptions import TargetInvalid
from orchestrator.ledger import definitions, fulfilment
from orchestrator.ledger.expectations import Expectations

pytestmark = pytest.mark.judging


@pytest.mark.parametrize(
    "schema",
    [
        {"pattern": "^(a+)+$"},
        {"properties": {"a": {"patternProperties": {"(a+)+": {}}}}},
        {"$ref": "#"},
        {"items": {"uniqueItems": True}},
        {"type": "nonsense"},
        {"description": "x" * 20_001},
        {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {
            "not": {"not": {}}}}}}}}}}}}}},
    ],
)  # fmt: skip
def test_a_schema_whose_cost_is_not_bounded_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Expectations(item_schema=schema)


def test_a_field_may_have_the_name_of_a_refused_word() -> None:
    schema = {"properties": {"pattern": {"type": "string"}}, "required": ["pattern"]}
    assert Expectations(item_schema=schema).as_json() == {"item_schema": schema}


def test_each_fault_is_told_by_its_place() -> None:
    expected = {"min_items": 0, "required_fields": [""], "item_schema": {"$ref": "#"}}
    with pytest.raises(TargetInvalid) as caught:
        definitions.check({"name": "shop", "spider": "shop", "expectations": expected})
    assert caught.value.faults == {
        "expectations.min_items": "should be 1 or more",
        "expectations.required_fields.0": "should not be empty",
        "expectations.item_schema": "uses $ref, which is not allowed here",
    }


def test_looking_at_items_ends_in_time() -> None:
    any_of = {"anyOf": [{"type": "string"}] * 1_500}
    schema = {"items": {"items": any_of}}
    hostile: Any = [[[1] * 2_000] * 100] * 5
    began = time.monotonic()
    fulfilment.misfits(schema, hostile)
    assert time.monotonic() - began < 10
