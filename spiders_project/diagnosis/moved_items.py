"""Items that have moved: found again by the values that a field of theirs had.

What holds one such value, and no other, is an item; whatever stands at the same place is one too.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from spiders_project.diagnosis.elements import Held, Sought
from spiders_project.proposals import selectors
from spiders_project.proposals.outline import Element, Node, Outline

_MOST_GROUPS = 4
_FEWEST = 2

Key = tuple[int, tuple[str, ...]]


def found(sought: Sought, root: Element) -> Iterator[tuple[str, list[Element]]]:
    """Selectors of what could be the items now, with what each finds."""
    outline = Outline(root)
    nodes = {node.element: node for node in outline.nodes}
    by_key: dict[Key, list[Node]] = {}
    for node in outline.nodes:
        by_key.setdefault(_key(node), []).append(node)
    held = sought.held([outline.nodes[0].element])
    for key in _groups(held, nodes):
        members = by_key[key]
        if len(members) >= _FEWEST and (items := _items(members)):
            css = selectors.items(outline, items)
            if elements := _elements(css, root):
                yield css, elements


def _key(node: Node) -> Key:
    return node.path, node.tokens


def _groups(held: Sequence[Held], nodes: dict[Element, Node]) -> list[Key]:
    """The places with most of the values; each value counts once at a place."""
    seen = {(_key(nodes[each.element]), each.value) for each in held if each.element in nodes}
    counts = Counter(key for key, _ in seen)
    return [key for key, _ in counts.most_common(_MOST_GROUPS)]


def _items(members: Sequence[Node]) -> list[Node]:
    """For each member the largest thing around it that holds no other member."""
    within: Counter[Node] = Counter(up for node in members for up in node.above())
    return [_largest(node, within) for node in members]


def _largest(node: Node, within: Mapping[Node, int]) -> Node:
    while node.parent is not None and within[node.parent] == 1:
        node = node.parent
    return node


def _elements(css: str, root: Element) -> list[Element]:
    try:
        return list(selectors.elements_at(css, root))
    except ValueError:
        return []
