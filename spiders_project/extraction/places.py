"""What stands at a place of a page."""

from typing import Any

from orchestrator.ledger.recipes import xpaths
from orchestrator.ledger.recipes.places import Place
from spiders_project.extraction.texts import one_line, text_of


def found(node: Any, place: Place) -> list[Any]:
    """Elements, texts or numbers, as the expression gives them."""
    result = xpaths.compiled(place.path)(node)
    return result if isinstance(result, list) else [result]


def elements(node: Any, place: Place) -> list[Any]:
    return [each for each in found(node, place) if hasattr(each, "tag")]


def value_of(one: Any, attribute: str | None) -> Any:
    """Its attribute or its text; None where there is none."""
    if isinstance(one, str):
        return one_line(one) or None
    if not hasattr(one, "tag"):
        return one
    if attribute is None:
        return text_of(one) or None
    value = one.get(attribute)
    return None if value is None else one_line(value)
