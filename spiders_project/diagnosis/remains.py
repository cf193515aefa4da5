"""How far a selector still leads: the longest part of it, from its left, that finds something."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from cssselect import SelectorError
from cssselect.parser import CombinedSelector, Element, parse
from lxml import etree

from orchestrator.ledger.recipes import xpaths
from orchestrator.ledger.recipes.places import Place, translated

_MOST_PARTS = 30
#: As cssselect writes .box: *.box.
_EVERY = re.compile(r"\*(?=[.#\[:])")
_IN_BRACKETS = re.compile(r"\[[^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*\]|\"[^\"]*\"|'[^']*'")


def of(place: Place, scopes: Sequence[Any]) -> tuple[str, list[Any]] | None:
    """That part and what it finds within the items; None when not even its beginning does."""
    for part, xpath in _parts(place):
        try:
            expression = xpaths.compiled(xpath)
            found = [each for scope in scopes for each in _elements(expression(scope))]
        except (etree.XPathError, ValueError):
            continue
        if found:
            return part, found
    return None


def _elements(found: Any) -> list[Any]:
    return [each for each in found if hasattr(each, "tag")] if isinstance(found, list) else []


def _parts(place: Place) -> Iterator[tuple[str, str]]:
    """What is left when one step after the other is taken away, the whole of it first."""
    if place.css is None:
        yield from ((part, part) for part in _beginnings(place.xpath or ""))
        return
    yield place.css, translated(place.css)
    try:
        tree: Any = parse(place.css)[0].parsed_tree
    except (SelectorError, RecursionError, IndexError):
        return
    for _ in range(_MOST_PARTS):
        if isinstance(tree, CombinedSelector):
            tree = tree.selector
        elif isinstance(tree, Element) or not hasattr(tree, "selector"):
            return
        else:
            # span.price: whether there is a span at all.
            tree = tree.selector
        part = _EVERY.sub("", tree.canonical())
        if part in ("*", ""):
            return
        yield part, translated(part)


def _beginnings(xpath: str) -> Iterator[str]:
    """An XPath cut at each of its slashes that is not within brackets or a text."""
    bare = _IN_BRACKETS.sub(lambda found: "_" * len(found[0]), xpath)
    yield xpath
    for at in reversed([found.start() for found in re.finditer(r"/+", bare)][-_MOST_PARTS:]):
        if (part := xpath[:at].rstrip("/")) and part != ".":
            yield part
