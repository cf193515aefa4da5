"""From blocks to recipes; blocks in groups get the heading of their group as a field."""

from collections.abc import Set

from orchestrator.exceptions import Sentence
from spiders_project.proposals import blocks, selectors
from spiders_project.proposals.blocks import Block
from spiders_project.proposals.fields import Field, cleaning, field
from spiders_project.proposals.groups import grouping
from spiders_project.proposals.outline import Node, Outline
from spiders_project.proposals.sketches import Sketch

_MOST = 6


def sketches(outline: Outline, apart: Set[Node]) -> list[Sketch]:
    """The best lists of a page, without what is in the tables that are read `apart`."""
    found = [
        block
        for block in blocks.blocks(outline.nodes)
        if apart.isdisjoint(block.members[0].above())
    ]
    return [_sketch(outline, block) for block in found[:_MOST]]


def _title(rows: int, columns: str) -> Sentence:
    return Sentence("A list of %(rows)d items: %(columns)s", rows=rows, columns=columns)


def _sketch(outline: Outline, block: Block) -> Sketch:
    items = {"css": selectors.items(outline, block.members)}
    found = fields(outline, block)
    names = {each["name"] for each in found}
    group = grouping(block.members, names)
    if group is not None:
        found.append(group)
    score = block.score * (1.15 if group else 1.0)
    return Sketch(_title, items, found, score)


def fields(outline: Outline, block: Block) -> list[Field]:
    """A field for each column that a short selector finds."""
    found: list[Field] = []
    for column in block.columns:
        place = selectors.field(column.slot, block.sample)
        if place is None:
            continue
        clean = cleaning(column.kind, column.slot.firsts, outline.language)
        made = field(column.name, place, column.kind, clean)
        if column.slot.many:
            made["take"] = "all"
        found.append(made)
    return found
