"""Definition lists and tables of pairs: labels and their values, or terms and what they mean."""

from collections import Counter
from collections.abc import Iterator, Sequence

from orchestrator.exceptions import Sentence
from spiders_project.extraction.texts import text_of
from spiders_project.proposals import blocks, kinds, selectors, vocabulary
from spiders_project.proposals.columns import worth
from spiders_project.proposals.fields import Field, cleaning, field
from spiders_project.proposals.kinds import Kind
from spiders_project.proposals.outline import Node, Outline
from spiders_project.proposals.selectors import quoted
from spiders_project.proposals.sketches import Sketch
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
    labelled = [(holder, each) for holder, each in found if not _explains(each)]
    if labelled and _differ([pair for _, each in labelled for pair in each]):
        made.append(_page(outline, [pair for _, each in labelled for pair in each], labelled[0][0]))
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
    found: list[Pair] = []
    for node in holder.below():
        siblings = node.parent.children if node.parent else []
        at = siblings.index(node)
        if node.tag == "dt" and at + 1 < len(siblings) and siblings[at + 1].tag == "dd":
            found.append((node, siblings[at + 1]))
    return found


def _explains(each: Sequence[Pair]) -> bool:
    mean = sum(value.text for _, value in each) / len(each)
    return len(each) > _MOST_LABELS or (mean > _LONG and len(each) > 2)


def _differ(each: Sequence[Pair]) -> bool:
    """Whether each label is there once, so that they are of one item."""
    labels = Counter(text_of(label.element) for label, _ in each)
    return len(labels) > 0.8 * len(each)


def _page(outline: Outline, each: Sequence[Pair], holder: Node) -> Sketch:
    found = [*_heading(outline), *_unique(_labelled(outline, each))]
    score = sum(worth(one["kind"], one["name"]) for one in found) * blocks.region(holder)
    return Sketch(_one_page, None, found, 1.5 * min(12.0, score))


def _heading(outline: Outline) -> Iterator[Field]:
    if len(outline.by_tag["h1"]) == 1:
        yield field("title", {"css": "h1"}, Kind.TEXT, ["strip"])


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
    items = selectors.items(outline, labels, [node for node in holder.below() if node.tag == "dt"])
    fields = [
        field("term", {"xpath": "."}, Kind.TEXT, ["strip"]),
        field("description", {"xpath": "./following-sibling::dd[1]"}, Kind.TEXT, ["strip"]),
    ]
    score = blocks.ranked(3.5, len(each)) * blocks.region(holder)
    return Sketch(_glossary, {"css": items}, fields, score)


def _unique(found: Iterator[Field]) -> list[Field]:
    seen: dict[str, Field] = {"url": {}, "title": {}}
    for each in found:
        seen.setdefault(each["name"], each)
    return [each for each in seen.values() if each]
