"""What pages describe for machines: JSON-LD, microdata and OpenGraph in one shape.

A description is a JSON object with its types under `@type`; properties of microdata and of
OpenGraph are named as they are in JSON-LD.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from spiders_project.extraction.extractors import (
    JsonLdExtractor,
    MicrodataExtractor,
    OpenGraphExtractor,
)
from spiders_project.extraction.pages import Page

Description = dict[str, Any]

#: Descriptions within descriptions; honest ones have a handful.
_DEEPEST = 20


def descriptions(page: Page, syntax: str) -> Iterator[Description]:
    """Those at the top; others are inside them."""
    return _SYNTAXES[syntax](page)


def of_types(top: Iterator[Any], types: list[str]) -> list[Description]:
    """Those of one of the types, wherever they are; all at the top where no type is named."""
    if not types:
        return [each for each in top if len(each) > 1]
    wanted = frozenset(map(_short, types))
    return [each for each in _within(list(top), 0) if wanted.intersection(_types(each))]


def _within(value: Any, depth: int) -> Iterator[Description]:
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _within(each, depth + 1)


def _types(description: Mapping[str, Any]) -> Iterator[str]:
    types = description.get("@type")
    for name in types if isinstance(types, list) else [types]:
        if isinstance(name, str):
            yield _short(name)


def _short(name: str) -> str:
    """Product of http://schema.org/Product, schema:Product and og:product alike."""
    return name.rstrip("/").rsplit("/", 1)[-1].rsplit("#", 1)[-1].rsplit(":", 1)[-1].casefold()


def _json_ld(page: Page) -> Iterator[Description]:
    reader = JsonLdExtractor()
    for script in page.tree.iter("script"):
        try:
            found = reader.extract_items(script)
        except (ValueError, RecursionError):
            # One script that is no JSON does not spoil its neighbours.
            continue
        for each in found:
            if isinstance(each, dict):
                graph = each.get("@graph")
                yield from filter(_is_object, graph) if isinstance(graph, list) else [each]


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _microdata(page: Page) -> Iterator[Description]:
    for each in MicrodataExtractor().extract_items(page.tree, page.base):
        if isinstance(description := _flat(each), dict):
            yield description


def _flat(value: Any) -> Any:
    """Microdata with its properties beside its type."""
    if isinstance(value, list):
        return [_flat(each) for each in value]
    if not isinstance(value, dict):
        return value
    properties = {name: _flat(each) for name, each in value.get("properties", {}).items()}
    named = {"@type": value["type"]} if "type" in value else {}
    return {**named, **({"@id": value["id"]} if "id" in value else {}), **properties}


def _opengraph(page: Page) -> Iterator[Description]:
    for each in OpenGraphExtractor().extract_items(page.tree):
        description: Description = {}
        for name, content in each["properties"]:
            short = name.removeprefix("og:")
            # Further pictures repeat the property; the first is the one that is shown.
            description.setdefault("@type" if short == "type" else short, content)
        yield description


_SYNTAXES: Mapping[str, Callable[[Page], Iterator[Description]]] = {
    "json-ld": _json_ld,
    "microdata": _microdata,
    "opengraph": _opengraph,
}
