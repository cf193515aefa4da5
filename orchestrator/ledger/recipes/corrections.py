"""A correction: another place for a field of a recipe, and for the items that it stands in.

As JSON it holds what a field has (`css`, `xpath` and `attribute`, or `path`) and, where the items
have moved as well, `items`, `list` or `types`.
"""

from collections.abc import Mapping
from typing import Any

from orchestrator.exceptions import Invalid, Sentence

#: What of a correction belongs to the field, and what to the part that holds the fields.
_OF_FIELD = ("css", "xpath", "attribute", "path")
_OF_PART = ("items", "list", "types")

Correction = Mapping[str, Any]
Arguments = Mapping[str, Any]


def part_of(spider: str, arguments: Arguments) -> Mapping[str, Any]:
    """The part of a recipe that has the fields: all of it, or how a sitemap's pages are read."""
    if spider != "sitemap":
        return arguments
    page = arguments.get("page") or {}
    return page.get(_way(page)) or {}


def is_placed(spider: str, arguments: Arguments) -> bool:
    """Whether its fields stand on a page, by selector; else they are in data, by path."""
    return spider == "selector" or (spider == "sitemap" and "selector" in arguments.get("page", {}))


def field_names(spider: str, arguments: Arguments) -> list[str]:
    """The fields that a recipe names; of one that takes all there is, none."""
    fields = part_of(spider, arguments).get("fields") or []
    return [str(each.get("name")) if isinstance(each, Mapping) else str(each) for each in fields]


def field_of(spider: str, arguments: Arguments, name: str) -> Mapping[str, Any] | None:
    """How a recipe reads that field."""
    fields = part_of(spider, arguments).get("fields") or []
    named = (each for each in fields if isinstance(each, Mapping) and each.get("name") == name)
    return next(named, None)


def corrected(spider: str, arguments: Arguments, name: str, correction: Correction) -> Arguments:
    """The arguments with that field at another place. Raises Invalid when there is none such."""
    field = field_of(spider, arguments, name)
    if field is None:
        raise Invalid(
            Sentence("The recipe of this target has no field %(name)s any more.", name=name)
        )
    kept = {key: value for key, value in field.items() if key not in _OF_FIELD}
    placed = {key: value for key, value in correction.items() if key in _OF_FIELD}
    part = part_of(spider, arguments)
    fields = [kept | placed if each is field else each for each in part["fields"]]
    moved = {key: value for key, value in correction.items() if key in _OF_PART}
    return _with_part(spider, arguments, {**part, **moved, "fields": fields})


def _with_part(spider: str, arguments: Arguments, part: Mapping[str, Any]) -> Arguments:
    if spider != "sitemap":
        return part
    return {**arguments, "page": {_way(arguments["page"]): dict(part)}}


def _way(page: Mapping[str, Any]) -> str:
    return "structured" if "structured" in page else "selector"
