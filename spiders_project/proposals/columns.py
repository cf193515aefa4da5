"""From places to columns: which are worth having, what they are called, how they are cleaned."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from spiders_project.extraction.texts import text_of
from spiders_project.proposals import classes, kinds, vocabulary
from spiders_project.proposals.fields import common_label
from spiders_project.proposals.kinds import Kind
from spiders_project.proposals.outline import Node
from spiders_project.proposals.slots import IDENTITIES, Slot, own_text
from spiders_project.proposals.vocabulary import INLINE

#: A value that fewer elements have is a freak of the page.
_FEWEST = 0.25
#: Texts of more letters describe rather than name.
_LONG = 50
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
#: Columns that may be the same in all rows of one page and differ on the next.
_OFTEN_ALIKE = frozenset(
    ("price", "stock", "brand", "author", "category", "date", "rating", "tags")
)
_WORTH = {
    Kind.PRICE: 2.0,
    Kind.DATE: 1.5,
    Kind.NUMBER: 1.1,
    Kind.LINK: 1.0,
    Kind.IMAGE: 1.0,
    Kind.TEXT: 0.8,
}


@dataclass(slots=True, eq=False)
class Column:
    """A slot that is worth having, with its name and kind."""

    slot: Slot
    name: str
    kind: Kind
    #: The share of the elements that have it.
    filled: float

    @property
    def worth(self) -> float:
        """What it adds to a list."""
        return (worth(self.kind, self.name) - 0.4 * self.slot.many) * self.filled


def columns(slots: Sequence[Slot], members: Sequence[Node]) -> list[Column]:
    """The columns of these elements, the ones that tell most first."""
    enough = max(min(2, len(members)), _FEWEST * len(members))
    kept = [slot for slot in slots if len(slot.values) >= enough]
    kept = _without_wrappers(_untruncated(kept))
    tops = frozenset(members)
    shared = _shared_words(kept, members)
    found = [_column(slot, shared, tops) for slot in kept]
    found = [column for column in found if not _is_alike(column, len(members))]
    return _named(_ordered(_with_one_link(_without_doubles(found))))


def worth(kind: Kind, name: str) -> float:
    """What a column of that kind and name adds to a list; few would scrape one of links alone."""
    return _WORTH[kind] + (1.2 if name in ("title", "name") else 0.0)


def _column(slot: Slot, shared: frozenset[str], tops: frozenset[Node]) -> Column:
    kind = _kind(slot)
    told = _told_name(slot, kind, shared, tops)
    name = _name(slot, kind, told)
    return Column(slot, name, kind, len(slot.values) / len(tops))


def _kind(slot: Slot) -> Kind:
    if slot.attribute == "href":
        return Kind.LINK
    if slot.node.tag == "img" and slot.attribute is not None:
        return Kind.IMAGE
    if slot.attribute in IDENTITIES:
        return Kind.TEXT
    if slot.many:
        return Kind.TEXT
    kind = kinds.of(slot.firsts)
    names = slot.node.tag == "a" or _is_in_heading(slot)
    if kind is Kind.NUMBER and names and not all(text.isdigit() for text in slot.firsts):
        # Chapter 3 is a name, though all that differs is its number.
        return Kind.TEXT
    return kind


def _name(slot: Slot, kind: Kind, told: str | None) -> str:
    if slot.attribute in IDENTITIES:
        return str(slot.attribute).removeprefix("data-").replace("-", "_")
    prop = slot.node.element.get("itemprop")
    labelled = vocabulary.labelled(slot.label) if slot.label else None
    own = labelled or (prop if prop and re.fullmatch(r"\w{1,60}", prop) else None)
    if own or vocabulary.is_known(told) or kind is Kind.LINK:
        return own or told or "url"
    if kind is Kind.TEXT and _is_in_heading(slot):
        return "title"
    label = _label(slot)
    said = vocabulary.labelled(label) if label else None
    return said or ("price" if kind is Kind.PRICE else told) or _plain_name(slot, kind)


def _label(slot: Slot) -> str | None:
    """The label at the beginning of its texts, or of those around them."""
    if label := common_label(slot.firsts):
        return label
    around = [nodes[0].parent for nodes in slot.nodes.values()]
    return common_label([text_of(node.element) for node in around if node and node.text < 120])


def _told_name(slot: Slot, kind: Kind, shared: frozenset[str], tops: frozenset[Node]) -> str | None:
    """By the classes of its element, or of those around it that hold nothing else."""
    if kind is Kind.IMAGE:
        return "image"
    ending = "_url" if kind is Kind.LINK else ""
    if slot.key[:1] == ("del",):
        return "old_price" if kind is Kind.PRICE else "old"
    told = [
        name
        for node in _around(slot, tops)
        for token in sorted(node.tokens, key=len)
        if (name := vocabulary.called(_own_words(token, shared))) and name != "url"
    ]
    best = next((name for name in told if vocabulary.is_known(name)), told[0] if told else None)
    return None if best is None else f"{best}{ending}"


def _own_words(token: str, shared: frozenset[str]) -> list[str]:
    """The words of a class name without those that all around have."""
    words = classes.words(token)
    return [word for word in words if word not in shared] or words[-1:]


def _around(slot: Slot, tops: frozenset[Node]) -> Iterator[Node]:
    """Its element, and those around it within the item that hold little else."""
    node = slot.node
    yield node
    for up in node.above() if node not in tops else ():
        if up in tops or up.text > node.text + 15 or up.images > node.images:
            return
        yield up


def _plain_name(slot: Slot, kind: Kind) -> str:
    if kind is Kind.LINK:
        return "url"
    line = [slot.node.tag, *(up.tag for up in slot.node.above())][: max(1, len(slot.key) + 1)]
    if kind is Kind.TEXT and _HEADINGS.intersection(line):
        return "title"
    long = sum(map(len, slot.firsts)) > _LONG * len(slot.firsts)
    return "description" if long and kind is Kind.TEXT else str(kind)


def _shared_words(slots: Sequence[Slot], members: Sequence[Node]) -> frozenset[str]:
    """Words that most class names here begin with, such as the `product` of `product-title`."""
    own = {word for node in members[:1] for token in node.tokens for word in classes.words(token)}
    first = Counter(
        words[0]
        for slot in slots
        for words in {tuple(classes.words(token)) for token in slot.node.tokens}
        if len(words) > 1
    )
    often = {word for word, count in first.items() if count >= max(3, 0.5 * len(slots))}
    return frozenset(own | often)


def _is_alike(column: Column, members: int) -> bool:
    """Whether it says the same everywhere, as a button or a label does."""
    values = [tuple(each) for each in column.slot.values.values()]
    commonest = Counter(values).most_common(1)[0][1]
    if members < 2 or commonest < max(2, 0.9 * len(values)):
        return False
    return column.kind not in (Kind.PRICE, Kind.DATE) and not (
        _OFTEN_ALIKE.intersection(column.name.split("_")) and column.kind is not Kind.LINK
    )


def _untruncated(slots: Sequence[Slot]) -> list[Slot]:
    """A link's title instead of its text where the text is cut short; else without the title."""
    titles = {slot.key: slot for slot in slots if slot.attribute == "title"}
    cut = {
        slot.key
        for slot in slots
        if slot.attribute is None and any(text.endswith(("…", "...")) for text in slot.firsts)
        if slot.key in titles and len(titles[slot.key].values) >= len(slot.values)
    }
    return [
        slot
        for slot in slots
        if (slot.attribute is not None or slot.key not in cut)
        and (slot.attribute != "title" or slot.key in cut or slot.node.tag != "a")
    ]


def _without_wrappers(slots: Sequence[Slot]) -> list[Slot]:
    """Of a text and the texts within it those that say something: `By <a>Ann</a>` is Ann."""
    shown = (None, "datetime", "content")
    texts = [slot for slot in slots if slot.attribute in shown and slot.label is None]
    holders = {id(node): slot for slot in texts for nodes in slot.nodes.values() for node in nodes}
    dropped: set[int] = set()
    for slot in texts:
        holder = next((holders[id(up)] for up in slot.node.above() if id(up) in holders), None)
        if holder is not None and holder is not slot:
            dropped.add(id(_lesser(holder, slot)))
    return [slot for slot in slots if id(slot) not in dropped]


def _lesser(holder: Slot, inner: Slot) -> Slot:
    """Which of the two to drop: what is the same in every row says nothing."""
    around = {own_text(nodes[0].element) for nodes in holder.nodes.values()}
    inside = {values[0] for values in inner.values.values()}
    if len(around) == 1 and len(inside) > 1:
        return holder
    if kinds.of(holder.firsts) in (Kind.PRICE, Kind.NUMBER):
        return inner
    return inner if inner.node.tag in INLINE and not inner.node.tokens else holder


def _without_doubles(found: Sequence[Column]) -> list[Column]:
    """Each value once: the picture's link and the title's link are one."""
    kept: list[Column] = []
    for column in sorted(found, key=_plainness):
        if not any(_says_as_much(other, column) for other in kept):
            kept.append(column)
    return [column for column in found if column in kept]


def _plainness(column: Column) -> tuple[float, ...]:
    return (-column.filled, not _is_in_heading(column.slot), len(column.slot.key))


def _with_one_link(found: Sequence[Column]) -> list[Column]:
    """The link to the item's own page is `url`; others stay where their text differs by row."""
    found = [column for column in found if column.kind is not Kind.LINK or not column.slot.many]
    links = [column for column in found if column.kind is Kind.LINK]
    if not links:
        return found
    own = min(links, key=_otherness)
    if not vocabulary.is_of_others(own.name):
        own.name = "url"
    return [
        column
        for column in found
        if column.kind is not Kind.LINK
        or column is own
        or (_tells(column) and not _leads_to_same(column, own))
    ]


def _otherness(link: Column) -> tuple[bool, bool, float]:
    """How little a link looks like that to the item's own page."""
    other = vocabulary.is_of_others(link.name)
    return (other, not _is_in_heading(link.slot), -link.filled)


def _leads_to_same(link: Column, own: Column) -> bool:
    """Whether both lead to the same page, perhaps to another place of it."""
    pages = {at: each[0].partition("#")[0] for at, each in own.slot.values.items()}
    return all(pages.get(at) == each[0].partition("#")[0] for at, each in link.slot.values.items())


def _tells(link: Column) -> bool:
    texts = [text_of(nodes[0].element) for nodes in link.slot.nodes.values()]
    return len(set(texts)) > 1 and all(texts)


def _is_in_heading(slot: Slot) -> bool:
    line = [slot.node, *slot.node.above()][: len(slot.key) + 1]
    return any(up.tag in _HEADINGS for up in line)


def _says_as_much(one: Column, other: Column) -> bool:
    values = one.slot.values
    same = sum(values.get(at) == each for at, each in other.slot.values.items())
    return same >= 0.9 * len(other.slot.values)


def _ordered(found: Iterable[Column]) -> list[Column]:
    """Title and link first, as people read a table; else by their place on the page."""
    first = {"title": 0, "name": 0, "url": 1}
    return sorted(found, key=lambda column: first.get(column.name, 2))


def _named(found: Sequence[Column]) -> list[Column]:
    """No two with one name; the first long or linked text is the title where nothing else is."""
    if not any(column.name in ("title", "name") for column in found):
        for column in found:
            if column.kind is Kind.TEXT and column.name == "text" and not column.slot.many:
                column.name = "title"
                break
    seen: Counter[str] = Counter()
    for column in found:
        seen[column.name] += 1
        if seen[column.name] > 1:
            column.name = f"{column.name}_{seen[column.name]}"
    return list(found)
