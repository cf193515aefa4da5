"""Definition lists and tables of pairs: labels and their values, or terms and what they mean."""

from collections import Counter
from collections.abc import Iterator, Sequence

from orchestrator.exceptions import Sentence
from spiders_project.extraction.texts import text_of
from spiders_project.proposals import blocks, classes, kinds, selectors, vocabulary
from spiders_project.proposals.columns import worth
from spiders_project.proposals.fields import Field, cleaning, field
from spiders_project.proposals.kinds import Kind
from spiders_project.proposals.outline import Node, Outline
from spiders_project.proposals.selectors import quoted
from spiders_project.proposals.sketches import Sketch
from spiders_project.proposals.slots import STRUCK
from spiders_project.proposals.tables import is_pair, rows

_FEWEST = 2
_MOST = 60
#: Labels are few and their values short; explanations are neither.
_LONG = 60
_MOST_LABELS = 25

Pair = tuple[Node, Node]


def sketches(outline: Outline) -> list[Sketch]:
    """A recipe for what pairs of labels and values the page has by itself, and one for terms."""
    holders = [node for tag in ("dl", "table") for node in outline.by_tag[tag]]
    found = [(holder, pairs(holder)) for holder in holders]
    found = [(holder, each) for holder, each in found if len(each) >= _FEWEST]
    made: list[Sketch] = []
    for holder, each in found[:8]:
        if holder.tag == "dl" and _explains(each):
            made.append(_terms(outline, holder, each))
    labelled = [pair for _, each in found if not _explains(each) for pair in each]
    if not labelled or _differ(labelled):
        made.extend(filter(None, [_page(outline, labelled)]))
    return made


def _one_page(_: int, columns: str) -> Sentence:
    return Sentence("One item for this page, by its labels: %(columns)s", columns=columns)


def _glossary(rows: int, columns: str) -> Sentence:
    return Sentence("%(rows)d terms, explained: %(columns)s", rows=rows, columns=columns)


def pairs(holder: Node) -> list[Pair]:
    """The labels in a list or a table, each with its value."""
    if holder.tag == "table":
        own = rows(holder)
        return [(row.children[0], row.children[1]) for row in own if is_pair(row)]
    groups = [holder, *(child for child in holder.children if child.tag == "div")]
    return [
        (label, value)
        for group in groups
        for label, value in zip(group.children, group.children[1:], strict=False)
        if label.tag == "dt" and value.tag == "dd"
    ]


def _explains(each: Sequence[Pair]) -> bool:
    """Whether the pairs are items of their own: long, many, dated or linked."""
    if len(each) < 3:
        return False
    mean = sum(value.text for _, value in each) / len(each)
    linked = sum(value.links > 0 for _, value in each) > 0.6 * len(each)
    dated = kinds.of([text_of(label.element) for label, _ in each]) is Kind.DATE
    return len(each) > _MOST_LABELS or mean > _LONG or linked or dated


def _differ(each: Sequence[Pair]) -> bool:
    """Whether each label is there once, so that they are of one item."""
    labels = Counter(text_of(label.element) for label, _ in each)
    return len(labels) > 0.8 * len(each)


def _page(outline: Outline, each: Sequence[Pair]) -> Sketch | None:
    """The page as one item: its heading, its price and what is labelled."""
    found = [*_heading(outline), *_price(outline), *_unique(_labelled(outline, each))]
    if len(found) < _FEWEST or (not each and len(found) < 3):
        return None
    score = sum(worth(one["kind"], one["name"]) for one in found)
    score *= blocks.region(each[0][0]) if each else 0.5
    return Sketch(_one_page, None, found, 1.5 * min(12.0, score))


def _heading(outline: Outline) -> Iterator[Field]:
    if len(outline.by_tag["h1"]) == 1:
        yield field("title", {"css": "h1"}, Kind.TEXT, ["strip"])
    for meta in outline.root.iter("meta"):
        if (meta.get("name") or "").lower() == "description" and meta.get("content"):
            place = {"css": f'meta[name="{meta.get("name")}"]', "attribute": "content"}
            yield field("description", place, Kind.TEXT, ["strip"])
            return


def _price(outline: Outline) -> Iterator[Field]:
    """The first price that is called one."""
    for token, nodes in outline.by_class.items():
        text = kinds.plain(text_of(nodes[0].element)) if nodes[0].text < 40 else ""
        struck = any(up.tag in STRUCK for up in [nodes[0], *nodes[0].above()])
        if "price" in classes.words(token) and kinds.is_price(text) and not struck:
            yield field("price", {"css": f".{token}"}, Kind.PRICE, ["price"])
            return


def _labelled(outline: Outline, each: Sequence[Pair]) -> Iterator[Field]:
    for label, value in each[:_MOST]:
        text = text_of(label.element)
        said, name = quoted(text), vocabulary.labelled(text)
        if said is None or name is None:
            continue
        path = f"//{label.tag}[normalize-space()={said}]/following-sibling::{value.tag}[1]"
        shown = text_of(value.element)
        kind = kinds.of([shown])
        yield field(name, {"xpath": path}, kind, cleaning(kind, [shown], outline.language))


def _terms(outline: Outline, holder: Node, each: Sequence[Pair]) -> Sketch:
    labels = [label for label, _ in each]
    texts = [text_of(label.element) for label in labels]
    items = selectors.items(outline, labels, [node for node in holder.below() if node.tag == "dt"])
    kind, behind = kinds.of(texts), "./following-sibling::dd[1]"
    kind = kind if kind is Kind.DATE else Kind.TEXT
    name = "term" if kind is Kind.TEXT else str(kind)
    fields = [field(name, {"xpath": "."}, kind, cleaning(kind, texts, outline.language))]
    linked = sum(value.links > 0 for _, value in each) > 0.6 * len(each)
    called = "title" if linked else "description"
    fields.append(field(called, {"xpath": behind}, Kind.TEXT, ["strip"]))
    if linked:
        place = {"xpath": f"{behind}//a", "attribute": "href"}
        fields.append(field("url", place, Kind.LINK, ["absolute_url"]))
    told = sum(worth(one["kind"], one["name"]) for one in fields)
    score = blocks.ranked(told + 1.0, len(each)) * blocks.region(holder)
    return Sketch(_glossary, {"css": items}, fields, score)


def _unique(found: Iterator[Field]) -> list[Field]:
    seen: dict[str, Field] = {"url": {}, "title": {}}
    for each in found:
        seen.setdefault(each["name"], each)
    return [each for each in seen.values() if each]
