"""Blocks within groups: the heading that stands over each group, as a field of its items."""

from collections.abc import Iterator, Sequence

from orchestrator.ledger.recipes import xpaths
from spiders_project.extraction.texts import text_of
from spiders_project.proposals import classes, vocabulary
from spiders_project.proposals.fields import Field, field
from spiders_project.proposals.kinds import Kind
from spiders_project.proposals.outline import Node
from spiders_project.proposals.slots import spread

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6", "legend", "caption", "summary", "header", "dt")
_HIGHEST = 6
_MOST_ASKED = 60


def grouping(members: Sequence[Node], names: set[str]) -> Field | None:
    """The field with the group's heading; None where the items are in no groups."""
    some = spread(members, _MOST_ASKED)
    for level in range(_HIGHEST):
        holders = [_holder(member, level) for member in some]
        if any(holder is None for holder in holders):
            return None
        count = len(set(holders))
        if count == 1:
            return None
        if count > len(some) / 1.5:
            continue
        for path in _paths(some[0], level):
            texts = [_text_at(path, member) for member in some]
            if all(texts) and len(set(texts)) > 1 and len(set(texts)) >= 0.6 * count:
                return field(_name(some[0], level, names), {"xpath": path}, Kind.TEXT, ["strip"])
    return None


def _holder(member: Node, level: int) -> Node | None:
    above = list(member.above())
    return above[level] if level < len(above) and above[level].tag not in ("body", "html") else None


def _paths(member: Node, level: int) -> Iterator[str]:
    """Ways from an item to what could be its group's heading: in what holds it, or before that."""
    way = "/".join([".."] * (level + 1))
    holder = _holder(member, level)
    if holder is None:
        return
    for child in holder.children:
        if not child.tag.isalnum():
            continue
        line = [child, *child.children[:1]]
        for node in line:
            if node.tag in _HEADINGS and node.text <= 120:
                start = "/" if node is child else f"/{child.tag}/"
                yield f"{way}{start if start != '/' else '/'}{node.tag}"
    for tag in _HEADINGS:
        yield f"{way}/preceding-sibling::{tag}[1]"
    for child in holder.children[:1]:
        if child.tag.isalnum() and 0 < child.text <= 80 and member not in [child, *child.below()]:
            yield f"{way}/{child.tag}[1]"


def _text_at(path: str, member: Node) -> str:
    found = xpaths.compiled(path)(member.element)
    return text_of(found[0]) if isinstance(found, list) and found else ""


def _name(member: Node, level: int, names: set[str]) -> str:
    """After what holds the group, such as `category`, else simply a group."""
    holder = _holder(member, level)
    words = [word for token in holder.tokens for word in classes.words(token)] if holder else []
    told = vocabulary.called(words)
    return told if told and told not in names and len(words) < 3 else "group"
