"""Short selectors that will still fit next month: what a thing is called before where it stands.

Each is tried on what it should find; one that finds anything else is not proposed.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, takewhile

from cssselect import SelectorError
from lxml import etree

from orchestrator.ledger.recipes import places, xpaths
from spiders_project.extraction.places import value_of
from spiders_project.proposals import classes
from spiders_project.proposals.outline import Element, Node, Outline
from spiders_project.proposals.slots import STRUCK, Slot

Place = dict[str, str]
_AGREEING = 0.95
_BEARABLE = 0.8
_MOST_VALUES = 20
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z_-]{1,40}")


def field(slot: Slot, members: Sequence[Node]) -> Place | None:
    """Where a slot is within each item, as a recipe says it; None where nothing short finds it."""
    best: tuple[float, Place | None] = (_BEARABLE, None)
    for place in _candidates(slot):
        share = _agreement(place, slot, members)
        if share >= _AGREEING:
            return place
        if share > best[0]:
            best = share, place
    return best[1]


def _candidates(slot: Slot) -> Iterator[Place]:
    if slot.label is not None:
        yield from _behind_label(slot)
        return
    if slot.attribute == "text()":
        yield from ({"xpath": f"{way}/text()"} for way in _bare_ways(slot))
        return
    for place in _places(slot):
        yield place if slot.attribute is None else {**place, "attribute": slot.attribute}


def _bare_ways(slot: Slot) -> Iterator[str]:
    """Ways to an element of whose text only its own is wanted, which CSS cannot say."""
    if not slot.key:
        yield "."
        return
    mark, tag = slot.key[0].removesuffix("*"), slot.node.tag
    start = f".//{tag}"
    if mark.startswith("."):
        start = f'.//*[contains(concat(" ", @class, " "), " {mark[1:]} ")]'
    elif mark.startswith("["):
        start = f".//*[@{mark[1:-1]}]"
    yield f"{start}//{tag}" if len(slot.key) > 1 else start
    yield from (place["xpath"] for place in _ways(slot) if "xpath" in place)


def _places(slot: Slot) -> Iterator[Place]:
    if not slot.key:
        yield {"xpath": "."}
        return
    mark, *way = [part.removesuffix("*") for part in slot.key]
    tag = slot.node.tag
    if mark == "del":
        yield from ({"css": f"del {tag}"}, {"css": tag}, {"css": f"s {tag}"})
        return
    if mark.startswith((".", "[")):
        if slot.attribute is None and way and not slot.many:
            yield {"css": mark}
        if not way:
            yield from ({"css": mark}, {"css": f"{tag}{mark}"})
        else:
            yield from ({"css": f"{mark} {tag}"}, {"css": f"{mark} > {tag}"})
    if not slot.many or tag in ("a", "li", "img", "h2", "h3"):
        yield {"css": tag}
    yield from _ways(slot)
    yield from _beside_struck(slot)


def _beside_struck(slot: Slot) -> Iterator[Place]:
    """Passes over what is crossed out, such as the price before a sale."""
    mark, tag = slot.key[0].removesuffix("*"), slot.node.tag
    if mark.startswith("."):
        yield {"css": f":not(del) > {mark}"}
        yield {"css": f":not(s) > {mark}"}
    for struck in sorted(STRUCK):
        yield {"xpath": f".//{tag}[not(ancestor::{struck})]"}


def _ways(slot: Slot) -> Iterator[Place]:
    """The tags from the nearest mark, or from the item."""
    mark, *rest = [slot.key[0].removesuffix("*"), *slot.key[1:]]
    marked = mark.startswith((".", "["))
    way = [part.partition(":") for part in (rest if marked else slot.key)]
    if not way:
        return
    steps = [
        tag if number == "*" else f"{tag}:nth-of-type({at})"
        for tag, number, at in _counted(slot, way)
    ]
    if marked:
        yield {"css": " > ".join([mark, *steps])}
        return
    yield {"css": " > ".join([tag for tag, _, _ in way])}
    exact = [tag if number == "*" else f"{tag}[{at}]" for tag, number, at in _counted(slot, way)]
    yield {"xpath": "./" + "/".join(exact)}


def _counted(slot: Slot, way: Sequence[tuple[str, str, str]]) -> list[tuple[str, str, int]]:
    """Each step with the number its element has among those of its tag."""
    line = [slot.node, *slot.node.above()][: len(way)][::-1]
    return [
        (tag, number, place_of(node)) for (tag, _, number), node in zip(way, line, strict=False)
    ]


def place_of(node: Node) -> int:
    """Its number among the children of its parent with its tag, counted from 1."""
    siblings = node.parent.children if node.parent else [node]
    return 1 + sum(one.tag == node.tag for one in takewhile(lambda one: one is not node, siblings))


def _behind_label(slot: Slot) -> Iterator[Place]:
    node = slot.node.element
    label = node if slot.attribute == "tail" else node.getprevious()
    if label is None or (text := quoted(slot.label or "")) is None:
        return
    start = f".//{label.tag}[normalize-space()={text}]/following-sibling::"
    if slot.attribute == "tail":
        yield {"xpath": f"{start}text()[1]"}
    else:
        place = {"xpath": f"{start}{node.tag}[1]"}
        yield place if slot.attribute is None else {**place, "attribute": slot.attribute}


def quoted(text: str) -> str | None:
    """A text as XPath writes it; it has no way to write both kinds of quotes."""
    if '"' not in text:
        return f'"{text}"'
    return None if "'" in text else f"'{text}'"


def _agreement(place: Place, slot: Slot, members: Sequence[Node]) -> float:
    """In which share of the elements a place finds what the slot holds, or likewise nothing."""
    agreed = 0
    for number, member in enumerate(members):
        most = _MOST_VALUES if slot.many else 1
        found = found_at(place, member.element, most)
        wanted = slot.values.get(number, [])[:most]
        agreed += found == wanted
    return agreed / len(members)


def found_at(place: Place, element: Element, most: int) -> list[str]:
    """The first values at a place within an element."""
    try:
        path = place["xpath"] if "xpath" in place else places.translated(place["css"])
        found = xpaths.compiled(path)(element)
    except (SelectorError, etree.XPathError, ValueError):
        return []
    if not isinstance(found, list):
        return []
    values = (value_of(one, place.get("attribute")) for one in found)
    return list(islice((value for value in values if value), most))


def elements_at(css: str, root: Element) -> list[Element]:
    """What a selector finds on a page. Raises ValueError for one that cannot be read."""
    try:
        found = xpaths.compiled(places.translated(css))(root)
    except (SelectorError, etree.XPathError) as error:
        raise ValueError(css) from error
    return found if isinstance(found, list) else []


def is_only(outline: Outline, node: Node, token: str) -> bool:
    """Whether nothing else has that tag and class."""
    return _found(outline, "", "", f"{node.tag}.{token}") == {node}


def items(outline: Outline, members: Sequence[Node], spare: Iterable[Node] = ()) -> str:
    """The shortest selector of exactly these nodes; it may find `spare` too."""
    wanted, bearable = set(members), {*members, *spare}
    for ancestor, joint, last in _forms(outline, members):
        found = _found(outline, ancestor, joint, last)
        # What is empty gives no item either.
        if wanted <= found and all(not (node.text or node.images) for node in found - bearable):
            return f"{ancestor}{joint}{last}" if ancestor else last
    return _way_to(members)


def _forms(outline: Outline, members: Sequence[Node]) -> Iterator[tuple[str, str, str]]:
    tag = members[0].tag
    shared = set(members[0].tokens).intersection(*(node.tokens for node in members))
    tokens = sorted(shared, key=lambda token: (len(outline.by_class[token]), len(token)))
    lasts = [form for token in tokens for form in (f".{token}", f"{tag}.{token}")]
    yield from (("", "", last) for last in lasts)
    if tag == "article":
        yield "", "", tag
    for ancestor in _named_above(members):
        for last in [*lasts[:2], tag]:
            yield from ((ancestor, joint, last) for joint in (" ", " > "))


def _found(outline: Outline, ancestor: str, joint: str, last: str) -> set[Node]:
    tag, _, token = last.partition(".")
    pool = outline.by_class[token] if token else outline.by_tag[tag]
    found = {node for node in pool if not tag or node.tag == tag}
    if not ancestor:
        return found
    if joint == " > ":
        return {node for node in found if node.parent and is_called(node.parent, ancestor)}
    return {node for node in found if any(is_called(up, ancestor) for up in node.above())}


def is_called(node: Node, name: str) -> bool:
    """Whether `#id`, `.class` or a tag is a name of the node."""
    if name.startswith("."):
        return name[1:] in node.tokens
    return node.element.get("id") == name[1:] if name.startswith("#") else node.tag == name


def names(node: Node) -> list[str]:
    """What a selector may call a node."""
    found = []
    name = node.element.get("id") or ""
    if _IDENTIFIER.fullmatch(name) and classes.stands(name):
        found.append(f"#{name}")
    found.extend(f".{token}" for token in node.tokens)
    if node.tag in ("main", "article", "section", "table", "tbody", "ul", "ol", "dl"):
        found.append(node.tag)
    return found


def _named_above(members: Sequence[Node]) -> list[str]:
    """Names of what is above all of them, the nearest first."""
    others = [{name for up in node.above() for name in names(up)} for node in members[1:6:2]]
    above = [name for up in members[0].above() for name in names(up)]
    shared = [name for name in dict.fromkeys(above) if all(name in other for other in others)]
    # A class or an id says more than a tag does.
    return sorted(shared[:12], key=lambda name: not name.startswith(("#", ".")))


def _way_to(members: Sequence[Node]) -> str:
    """The tags down to the nodes from the nearest thing above that has a name."""
    way = [members[0].tag]
    for up in members[0].above():
        shared = all(up in node.above() for node in members[1:4])
        if shared and (called := [name for name in names(up) if name.startswith(("#", "."))]):
            return " > ".join([called[0], *way])
        if up.tag == "body" or len(way) > 12:
            return " > ".join([*(["body"] if up.tag == "body" else []), *way])
        place = place_of(up)
        way.insert(0, f"{up.tag}:nth-of-type({place})" if shared and up.tag == "div" else up.tag)
    return " > ".join(way)
