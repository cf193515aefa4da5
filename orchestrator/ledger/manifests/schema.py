"""The shape of a manifest as JSON Schema: editors offer what a key may be while somebody types."""

import json
from typing import Any

from orchestrator.ledger import recipes
from orchestrator.ledger.definitions import TargetDefinition
from orchestrator.ledger.manifests.reading import TARGETS

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """The schema; what a spider without code is told depends on which it is."""
    definitions: dict[str, Any] = {}
    target = _moved(TargetDefinition.model_json_schema(), definitions)
    name = target["properties"].pop("name")
    target["required"].remove("name")
    target["allOf"] = [
        {
            "if": {"properties": {"spider": {"const": spider}}, "required": ["spider"]},
            "then": {"properties": {"arguments": _moved(recipe.model_json_schema(), definitions)}},
        }
        for spider, recipe in recipes.RECIPES.items()
    ]
    return {
        "$schema": _DIALECT,
        "title": "Targets of Kumo",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            TARGETS: {
                "type": "object",
                "description": "What is scraped, each target under its name.",
                "propertyNames": {"pattern": name["pattern"], "maxLength": name["maxLength"]},
                "additionalProperties": target,
            }
        },
        "$defs": definitions,
    }


def text() -> str:
    """As it is in docs/targets.schema.json."""
    return json.dumps(schema(), indent=2) + "\n"


def _moved(part: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """A schema whose own definitions are put with all others."""
    definitions |= part.pop("$defs", {})
    return part
