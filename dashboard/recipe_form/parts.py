"""Where the parts of a recipe are, and how a place on a page is written in one line."""

from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.ledger.drafts import Recipe

#: An expression that begins so is an XPath; any other needs the word before it.
_XPATH_SIGNS, _XPATH = ("/", "./", "../", "("), "xpath:"
#: What a step of cleaning is told besides its name, in one line of the form.
OPTIONS: Mapping[str, tuple[str, ...]] = {
    "price": ("currency",),
    "date": ("locale", "order"),
    "join": ("with",),
    "split": ("with",),
    "match": ("pattern",),
}


def is_placed(recipe: Recipe) -> bool:
    """Whether its fields stand on a page, by selector; else they are in data, by path."""
    return recipe.spider == "selector" or "selector" in (recipe.arguments.get("page") or {})


def is_named(recipe: Recipe) -> bool:
    """Whether its fields have names of their own."""
    return recipe.spider == "feed"


def fielded(recipe: Recipe) -> Mapping[str, Any]:
    """The part of a recipe that has the fields: all of it, or how a sitemap's pages are read."""
    if recipe.spider != "sitemap":
        return recipe.arguments
    page = recipe.arguments.get("page") or {}
    return page.get(_way(page)) or {}


def with_fielded(recipe: Recipe, part: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a recipe with another such part."""
    if recipe.spider != "sitemap":
        return dict(part)
    way = _way(recipe.arguments.get("page") or {})
    return {**recipe.arguments, "page": {way: dict(part)}}


def without(recipe: Recipe, number: int) -> Recipe:
    """The recipe without that field."""
    return _changed(recipe, lambda fields: fields[:number] + fields[number + 1 :])


def with_another(recipe: Recipe, name: str) -> Recipe:
    """The recipe with one more field, still to be told where it stands."""
    return _changed(recipe, lambda fields: [*fields, {"name": name}])


def shown_place(place: Any) -> str:
    """One line that says where: a CSS selector or an XPath."""
    if not isinstance(place, Mapping):
        return ""
    if place.get("css"):
        return str(place["css"])
    xpath = str(place.get("xpath") or "")
    return xpath if not xpath or xpath.startswith(_XPATH_SIGNS) else _XPATH + xpath


def typed_place(text: str) -> dict[str, Any]:
    """What such a line means; nothing of an empty one."""
    if not text:
        return {}
    if text.startswith(_XPATH):
        return {"xpath": text.removeprefix(_XPATH).strip()}
    return {"xpath" if text.startswith(_XPATH_SIGNS) else "css": text}


def _way(page: Mapping[str, Any]) -> str:
    return "structured" if "structured" in page else "selector"


def _changed(recipe: Recipe, change: Callable[[list[Any]], list[Any]]) -> Recipe:
    part = dict(fielded(recipe))
    part["fields"] = change(list(part.get("fields") or []))
    names = {each.get("name") for each in part["fields"] if isinstance(each, Mapping)}
    keys = [name for name in recipe.key_fields if name in names]
    return Recipe(recipe.spider, with_fielded(recipe, part), keys)
