"""The elements of a page with what is quick to know of each: place, classes, how much it holds.

A page of 5 MB has more than a hundred thousand elements. Only the first 60,000 are looked at, each
a few times; everything that costs more is done to a handful of candidates.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from spiders_project.proposals import classes

#: Of lxml's elements; it comes without types.
Element = Any

MOST_ELEMENTS = 60_000
_DEEPEST = 120
#: What an element is taken to hold of which not all was looked at.
_UNSEEN = 10_000
#: What nobody reads. `noscript` holds a second copy of a lazy image.
SILENT = frozenset(
    ("script", "style", "template", "noscript", "svg", "math", "iframe", "object", "canvas")
)


@dataclass(slots=True, eq=False)
class Node:
    """One element; `path` is the same number for all elements with the same tags above them."""

    element: Element
    parent: "Node | None"
    path: int
    tokens: tuple[str, ...]
    elements: int = 0
    text: int = 0
    links: int = 0
    images: int = 0
    children: "list[Node]" = field(default_factory=list)

    @property
    def tag(self) -> str:
        return str(self.element.tag)

    def above(self) -> "Iterator[Node]":
        """Its ancestors, the nearest first."""
        node = self.parent
        while node is not None:
            yield node
            node = node.parent

    def below(self) -> "Iterator[Node]":
        """Its descendants in the order of the page."""
        waiting = self.children[::-1]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(node.children[::-1])


class Outline:
    """The body of a page: its nodes in their order, and those of a tag or a class."""

    def __init__(self, root: Element) -> None:
        body = root.find("body")
        self.root = root
        self.nodes = _nodes(root if body is None else body)
        for node in reversed(self.nodes):
            _sum_up(node)
        self.by_tag: dict[str, list[Node]] = defaultdict(list)
        self.by_class: dict[str, list[Node]] = defaultdict(list)
        for node in self.nodes:
            self.by_tag[node.tag].append(node)
            for token in node.tokens:
                self.by_class[token].append(node)

    @property
    def language(self) -> str | None:
        """The language that the page says it is in, such as ja."""
        said = (self.root.get("lang") or "").replace("_", "-").split("-")[0].lower()
        return said if said.isascii() and said.isalpha() and len(said) == 2 else None


def _nodes(root: Element) -> list[Node]:
    paths: dict[tuple[int, str], int] = {}
    nodes: list[Node] = []
    waiting: list[tuple[Element, Node | None, int]] = [(root, None, 0)]
    while waiting and len(nodes) < MOST_ELEMENTS:
        element, parent, depth = waiting.pop()
        above = parent.path if parent else 0
        path = paths.setdefault((above, element.tag), len(paths) + 1)
        node = Node(element, parent, path, classes.tokens(element.get("class")))
        nodes.append(node)
        if parent:
            parent.children.append(node)
        if depth < _DEEPEST:
            waiting.extend((child, node, depth + 1) for child in reversed(_loud(element)))
        elif len(element):
            node.elements = _UNSEEN
    for _, parent, _ in waiting:
        if parent:
            parent.elements += _UNSEEN
    return nodes


def _loud(element: Element) -> list[Element]:
    """Its child elements, without comments and without what nobody reads."""
    return [child for child in element if isinstance(child.tag, str) and child.tag not in SILENT]


def _sum_up(node: Node) -> None:
    """Adds what is in a node to itself and to its parent; those below have been added."""
    node.text += _length(node.element.text)
    node.text += sum(_length(child.element.tail) for child in node.children)
    node.links += node.tag == "a"
    node.images += node.tag == "img"
    if (parent := node.parent) is not None:
        parent.elements += node.elements + 1
        parent.text += node.text
        parent.links += node.links
        parent.images += node.images


def _length(text: str | None) -> int:
    return len(text.strip()) if text else 0
