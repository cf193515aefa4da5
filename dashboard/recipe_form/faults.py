"""What is wrong with a recipe, and beside which input of its form that is said."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext

from dashboard.recipe_form import parts
from orchestrator.exceptions import TargetInvalid
from orchestrator.ledger import definitions
from orchestrator.ledger.drafts import Recipe

_OF_FIELDS = ("name", "attribute", "take")
_OF_ANSWERS = ("path", "parameter", "from", "by")
_ALONE = ("items", "next_page", "list", "pattern", "types", "most_pages")
#: The form asks for one place, so it need not tell of two ways to write it.
_NO_PLACE = lazy_gettext("Write where its value stands: a CSS selector or an XPath.")


def faults(recipe: Recipe) -> Mapping[str, str]:
    """By the place in the definition, like arguments.fields.2.css."""
    definition = {
        "name": "draft",
        "spider": recipe.spider,
        "arguments": recipe.arguments,
        "key_fields": list(recipe.key_fields),
    }
    try:
        definitions.check(definition)
    except TargetInvalid as error:
        return error.faults
    return {}


def beside(recipe: Recipe) -> Mapping[str, Any]:
    """By the input; what belongs to none of them stands above all, under `recipe`."""
    found: dict[str, Any] = {}
    for place, fault in faults(recipe).items():
        found.setdefault(_input(place.split(".")), fault)
    return found | {name: _NO_PLACE for name in _unplaced(recipe) if name in found}


def _unplaced(recipe: Recipe) -> list[str]:
    """The inputs of fields that are looked for nowhere yet."""
    fields = parts.fielded(recipe).get("fields") if parts.is_placed(recipe) else None
    return [
        f"field-{number}-place"
        for number, each in enumerate(fields or [])
        if isinstance(each, Mapping) and not each.keys() & {"css", "xpath"}
    ]


def _input(place: list[str]) -> str:
    if place[0] == "key_fields":
        return "keys"
    named = "recipe"
    match [each for each in place[1:] if each not in ("page", "selector", "structured")]:
        case ["fields", number, "clean", step, *_]:
            named = f"field-{number}-step-{step}"
        case ["fields", number, *rest]:
            named = f"field-{number}-{rest[0] if rest and rest[0] in _OF_FIELDS else 'place'}"
        case ["follow", number, *_]:
            named = f"follow-{number}-place"
        case ["next_page", name, *_] if name in _OF_ANSWERS:
            named = f"next-{name}"
        case [name, *_] if name in _ALONE:
            named = name
    return named
