"""Repeated blocks: elements that are alike, each of them an item.

Elements are alike that have the same tags above them, and a class in common where they have one.
Every list of a page is such a group, its menu too: what a group holds decides.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import log2

from spiders_project.proposals import classes, slots, vocabulary
from spiders_project.proposals.columns import Column, columns
from spiders_project.proposals.outline import Node

_FEWEST = 2
_MOST_CANDIDATES = 40
_MOST_GROUPS = 300
#: What holds more is a part of the page, not an item of a list.
_MOST_ELEMENTS = 400
#: Their own readers know more about them.
_OTHERS = frozenset(("table", "thead", "tbody", "tfoot", "tr", "td", "th", "dt", "dd", "option"))
_OTHERS_TOO = frozenset(("br", "hr", "img", "html", "body", "head", "input", "label", "col"))


@dataclass(slots=True, eq=False)
class Block:
    """A group of elements and the columns in them."""

    members: list[Node]
    token: str | None
    sample: list[Node]
    columns: list[Column]
    score: float

    @property
    def names_itself(self) -> bool:
        """Whether it is called an item of some kind."""
        words = {word for token in self.members[0].tokens for word in classes.words(token)}
        return self.members[0].tag in ("article", "li") or bool(vocabulary.ITEMS & words)


def blocks(nodes: Sequence[Node]) -> list[Block]:
    """The groups of a page that could be its items, best first."""
    if not nodes:
        return []
    whole = max(1, nodes[0].text)
    found = [_block(members, token, whole) for members, token in _candidates(nodes)]
    ordered = sorted((block for block in found if block.columns), key=lambda b: -b.score)
    return _apart(ordered)


def ranked(worth: float, rows: int) -> float:
    """How much a list of that many rows tells, whose columns are worth that much."""
    return min(10.0, worth) * log2(1 + min(rows, 60))


def region(node: Node) -> float:
    """How likely it is that somebody came for what is here: a menu counts a fifth."""
    links = node.links > 0
    factor = 1.0
    for up in node.above():
        called = [*up.tokens, up.element.get("id") or "", up.element.get("role") or ""]
        if vocabulary.is_aside(up.tag, called, links=links):
            return 0.2
        if up.tag == "header":
            factor = 0.4
    return factor


def _candidates(nodes: Sequence[Node]) -> list[tuple[list[Node], str | None]]:
    """The groups that hold most of the page."""
    groups = _groups(nodes)
    heaviest = sorted(groups, key=lambda group: -_mass(group[0]))[:_MOST_GROUPS]
    heaviest.sort(key=lambda group: -_mass(group[0]) * region(group[0][0]))
    seen: set[frozenset[int]] = set()
    kept = []
    for members, token in heaviest:
        same = frozenset(id(node) for node in members)
        if same not in seen and not _are_nested(members):
            seen.add(same)
            kept.append((members, token))
        if len(kept) == _MOST_CANDIDATES:
            break
    return kept


def _groups(nodes: Sequence[Node]) -> list[tuple[list[Node], str | None]]:
    named: dict[tuple[object, str], list[Node]] = defaultdict(list)
    unnamed: dict[tuple[int, int, str], list[Node]] = defaultdict(list)
    for node in nodes:
        if node.tag in _OTHERS or node.tag in _OTHERS_TOO or not (node.text or node.images):
            continue
        for token in node.tokens:
            named[node.path, token].append(node)
            named[node.tag, token].append(node)
        unnamed[0, node.path, ""].append(node)
        if node.parent is not None:
            unnamed[1, id(node.parent), node.tag].append(node)
    groups: list[tuple[list[Node], str | None]] = []
    groups.extend((members, token) for (_, token), members in named.items())
    groups.extend((members, None) for members in unnamed.values())
    return [(members, token) for members, token in groups if _are_several(members)]


def _are_several(members: Sequence[Node]) -> bool:
    """Whether they are more than one, and beside each other rather than within."""
    if len(members) < _FEWEST:
        return False
    few = members[:4]
    if sum(node.elements for node in few) > _MOST_ELEMENTS * len(few):
        return False
    return not any(one in other.above() for one in few for other in few if one is not other)


def _are_nested(members: Sequence[Node]) -> bool:
    """Whether one of them is inside another."""
    every = set(members)
    return any(not every.isdisjoint(node.above()) for node in slots.spread(members, 60))


def _mass(members: Sequence[Node]) -> int:
    return sum(min(600, node.text + 20 * node.images + 4 * node.links) for node in members)


def _block(members: list[Node], token: str | None, letters: int) -> Block:
    whole_ones = [node for node in members if node.elements <= 4 * _MOST_ELEMENTS]
    sample = slots.spread(whole_ones)
    found = columns(slots.slots(sample), sample)
    share = min(1.0, sum(node.text for node in members) / letters)
    block = Block(members, token, sample, found, 0.0)
    block.score = ranked(sum(column.worth for column in found), len(members))
    block.score *= region(members[0]) * (0.3 + share) ** 0.3
    block.score *= 1.0 + 0.1 * (token is not None) + 0.1 * block.names_itself
    if len(members) < 3:
        block.score *= 0.5
    return block


def _apart(ordered: Sequence[Block]) -> list[Block]:
    """Without those that say again what a better one says, from further within or without."""
    kept: list[Block] = []
    for block in ordered:
        if not any(_overlap(block, better) for better in kept):
            kept.append(block)
    return kept


def _overlap(block: Block, better: Block) -> bool:
    mine, theirs = set(map(id, block.members)), set(map(id, better.members))
    if len(mine & theirs) > 0.5 * min(len(mine), len(theirs)):
        return True
    first = [id(up) for up in block.members[0].above()]
    others = [id(up) for up in better.members[0].above()]
    return any(up in theirs for up in first) or any(up in mine for up in others)
