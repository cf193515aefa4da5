"""What stands at the same place in each of several elements: the columns before they have names.

A place is told by what marks it in most of the elements, such as a class; by the label before it;
or by the way of tags from the nearest of those. So a row that lacks something costs that row's
value and shifts nothing.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from spiders_project.extraction.texts import text_of
from spiders_project.proposals.outline import Element, Node
from spiders_project.proposals.vocabulary import INLINE

#: Elements that are compared; those between them are like them.
MOST_MEMBERS = 24
_MOST_BELOW = 160
_MOST_SLOTS = 60
_MOST_IN_A_LINE = 40
_CONTROLS = frozenset(("button", "input", "select", "option", "textarea", "form"))
_SEPARATOR = re.compile(r"[\W_]{0,3}")
_PROPERTY = re.compile(r"[A-Za-z][\w-]{0,60}")
_LABEL = re.compile(r"\S.{0,38}?\s?[:：]")
_PICTURES = ("data-src", "data-original", "data-lazy-src", "data-lazy", "src")
_SAID = ("title", "aria-label")
#: Of classes: what is read aloud only, and links that say no more than "more".
_UNSEEN = ("screen-reader", "sr-only", "visually-hidden", "more-link", "read-more", "readmore")
STRUCK = frozenset(("del", "s", "strike"))
IDENTITIES = ("data-sku", "data-asin", "data-product-id", "data-item-id", "data-id")

Key = tuple[str, ...]


@dataclass(slots=True)
class Slot:
    """One place and what stands there, by the number of the element."""

    key: Key
    #: None = the text; "text()" = the text that is not in elements of its own.
    attribute: str | None
    label: str | None = None
    many: bool = False
    nodes: dict[int, list[Node]] = field(default_factory=lambda: defaultdict(list))
    values: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))

    @property
    def firsts(self) -> list[str]:
        """The first value in each element that has one."""
        return [values[0] for values in self.values.values()]

    @property
    def node(self) -> Node:
        return next(iter(self.nodes.values()))[0]

    def add(self, member: int, node: Node, value: str) -> None:
        self.nodes[member].append(node)
        self.values[member].append(value)


@dataclass(slots=True)
class _Marks:
    """How often each mark is in an element, and in how many it is there just once."""

    once: Counter[str]
    some: Counter[str]

    @classmethod
    def of(cls, members: Sequence[Node]) -> "_Marks":
        once: Counter[str] = Counter()
        some: Counter[str] = Counter()
        for member in members:
            present = [node for node in bounded(member) if not is_struck(node, member)]
            counts = Counter(mark for node in present for mark in marks(node))
            some.update(counts.keys())
            once.update(mark for mark, count in counts.items() if count == 1)
        return cls(once, some)

    def best(self, node: Node) -> str | None:
        """What marks it, and it alone, in most elements; of equals the plainest."""
        return max(marks(node), key=lambda mark: (self._worth(mark), -len(mark)), default=None)

    def _worth(self, mark: str) -> float:
        return self.once[mark] + 0.3 * (self.some[mark] - self.once[mark])

    def is_many(self, mark: str) -> bool:
        return self.once[mark] < 0.5 * self.some[mark]


def spread(members: Sequence[Node], most: int = MOST_MEMBERS) -> list[Node]:
    """Some of the elements, evenly chosen."""
    step = max(1, -(-len(members) // most))
    return list(members[::step])


def bounded(member: Node) -> Iterator[Node]:
    """The first descendants of an element."""
    for count, node in enumerate(member.below()):
        if count >= _MOST_BELOW:
            return
        yield node


def marks(node: Node) -> list[str]:
    """What a selector could tell it by: its property of schema.org, its classes."""
    found = [f".{token}" for token in node.tokens]
    prop = (node.element.get("itemprop") or "").split()
    if prop and _PROPERTY.fullmatch(prop[0]):
        found.insert(0, f'[itemprop="{prop[0]}"]')
    return found


def slots(members: Sequence[Node]) -> list[Slot]:
    """What the elements have in common, in the order of the page; few elements are enough."""
    found: dict[tuple[Key, str | None], Slot] = {}
    keys = _keys(members)
    labels = [_labels(member) for member in members]
    for place, member in enumerate(members):
        inside = {low for node in labels[place] for low in bounded(node)}
        for node in [member, *bounded(member)]:
            key, label = keys.get(node), labels[place].get(node)
            if key is None or _is_hidden(node) or node in inside:
                continue
            if tail := tail_behind(node):
                told: Key = (f"={tail[0]}",)
                found.setdefault((told, "tail"), Slot(told, "tail", tail[0]))
                found[told, "tail"].add(place, node, tail[1])
                continue
            if label_in(node) or any(tail_behind(child) for child in node.children):
                continue
            for attribute, value in labelled_aspects(node) if label else aspects(node):
                told = (f"={label}",) if label else key
                slot = found.setdefault((told, attribute), Slot(told, attribute, label))
                slot.add(place, node, value)
    for slot in found.values():
        several = sum(len(values) > 1 for values in slot.values.values())
        slot.many = several > 0.15 * len(slot.values)
    return list(found.values())[:_MOST_SLOTS]


def _is_line(node: Node) -> bool:
    """Whether it is a piece of running text, all of which is read by whoever sees it."""
    few = node.elements <= _MOST_IN_A_LINE
    return few and all(low.tag in INLINE and not _is_hidden(low) for low in node.below())


def labelled_aspects(node: Node) -> Iterator[tuple[str | None, str]]:
    """What stands behind a label: all of its text, or where it leads."""
    if node.elements <= _MOST_IN_A_LINE and (text := text_of(node.element)):
        yield None, text
    else:
        yield from aspects(node)


def aspects(node: Node) -> Iterator[tuple[str | None, str]]:
    """What an element holds, each by the attribute that holds it."""
    element = node.element
    if node.tag in _CONTROLS:
        return
    if (attribute := _told(node)) and (value := element.get(attribute, "").strip()):
        yield attribute, value
    elif own_text(element):
        yield (None, text_of(element)) if _is_line(node) else ("text()", own_text(element))
    for identity in IDENTITIES:
        if value := element.get(identity):
            yield identity, value
            break
    if node.tag == "a" and is_address(element.get("href")) and not _is_action(element):
        yield "href", element.get("href").strip()
        if value := element.get("title", "").strip():
            yield "title", value


def _told(node: Node) -> str | None:
    """The attribute that says what an element means better than its text does."""
    element = node.element
    if node.tag == "img":
        return next((name for name in _PICTURES if _is_picture(element.get(name))), None)
    if node.tag == "time" and element.get("datetime"):
        return "datetime"
    if element.get("itemprop") and element.get("content"):
        return "content"
    if node.tag == "link" and element.get("itemprop"):
        return "href"
    if not node.text and not node.images:
        return next((name for name in _SAID if re.search(r"\d", element.get(name, ""))), None)
    return None


def _is_action(link: Element) -> bool:
    """Whether a link does something, such as sharing; sites ask robots not to follow it."""
    return "nofollow" in (link.get("rel") or "") and "tag" not in (link.get("rel") or "")


def is_struck(node: Node, member: Node) -> bool:
    """Whether it is crossed out, such as the price before a sale."""
    for up in (node, *node.above()):
        if up is member:
            return False
        if up.tag in STRUCK:
            return True
    return False


def _is_hidden(node: Node) -> bool:
    """Whether only those hear it who have the page read to them; they hear it twice."""
    said = node.element.get("class") or ""
    return any(word in said for word in _UNSEEN)


def is_address(href: str | None) -> bool:
    """Whether a link leads to another page."""
    return bool(href) and not str(href).strip().lower().startswith(
        ("#", "javascript:", "mailto:", "tel:", "data:")
    )


def own_text(element: Element) -> str:
    """Its text without that of elements in it; empty where that is only a separator."""
    parts = [element.text, *(child.tail for child in element)]
    text = " ".join(" ".join(part for part in parts if part).split())
    return "" if _SEPARATOR.fullmatch(text) else text


def _is_picture(address: str | None) -> bool:
    return bool(address) and not str(address).startswith("data:")


def _keys(members: Sequence[Node]) -> dict[Node, Key]:
    """A key for each node, the same for nodes that are at the same place of their element."""
    known = _Marks.of(members)
    keys: dict[Node, Key] = dict.fromkeys(members, ())
    level = list(members)
    while level:
        families = [(node, _unmarked(node, known)) for node in level]
        sizes: dict[tuple[Key, str], set[int]] = defaultdict(set)
        for node, family in families:
            for tag, children in family.items():
                sizes[keys[node], tag].add(len(children))
        for node, family in families:
            for tag, children in family.items():
                counted = len(sizes[keys[node], tag]) == 1
                for place, child in enumerate(children, 1):
                    number = "*" if not counted else str(place) if len(children) > 1 else "1"
                    keys[child] = (*keys[node], f"{tag}:{number}")
            for child in node.children:
                if child.tag in STRUCK or keys[node][:1] == ("del",):
                    keys[child] = ("del", child.tag)
                elif mark := known.best(child):
                    keys[child] = (f"{mark}*" if known.is_many(mark) else mark,)
        level = [child for node in level for child in node.children]
        if len(keys) > _MOST_BELOW * MOST_MEMBERS:
            break
    return keys


def _unmarked(node: Node, known: _Marks) -> dict[str, list[Node]]:
    family: dict[str, list[Node]] = defaultdict(list)
    for child in node.children:
        if known.best(child) is None:
            family[child.tag].append(child)
    return family


def _labels(member: Node) -> dict[Node, str]:
    """The label of each node that stands behind one: `dd` behind `dt`, a text behind `Price:`."""
    found: dict[Node, str] = {}
    for node in (member, *bounded(member)):
        for first, second in zip(node.children, node.children[1:], strict=False):
            tail = (first.element.tail or "").strip()
            if not tail and (label := label_in(first)) and not label_in(second):
                found.setdefault(second, label)
    return found


def tail_behind(node: Node) -> tuple[str, str] | None:
    """A label and the bare text behind it: `<b>Weight:</b> 2 kg`."""
    tail = " ".join((node.element.tail or "").split())
    if not tail or node.tag not in INLINE or (label := label_in(node)) is None:
        return None
    return label, tail


def label_in(node: Node) -> str | None:
    """Its text, where it is one that names what follows."""
    if node.elements > 2 or node.text > 40 or not node.text:
        return None
    text = text_of(node.element)
    if node.tag in ("dt", "th"):
        return text
    return text if _LABEL.fullmatch(text) and node.tag in INLINE | {"div", "p", "td"} else None
