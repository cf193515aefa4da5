"""From tables to recipes: the cells of each row are fields, called as the heads say."""

from collections import Counter
from collections.abc import Iterator, Sequence

from orchestrator.exceptions import Sentence
from spiders_project.extraction.texts import text_of
from spiders_project.proposals import blocks, kinds, selectors
from spiders_project.proposals.columns import worth
from spiders_project.proposals.fields import Field, cleaning, field
from spiders_project.proposals.kinds import Kind
from spiders_project.proposals.outline import Node, Outline
from spiders_project.proposals.sketches import Sketch
from spiders_project.proposals.slots import is_address
from spiders_project.proposals.tables import DataTable

_LINKED = 0.6


def sketches(outline: Outline, found: Sequence[DataTable]) -> list[Sketch]:
    """A recipe for each table that holds items."""
    return [_sketch(outline, table) for table in found]


def _title(rows: int, columns: str) -> Sentence:
    return Sentence("A table of %(rows)d rows: %(columns)s", rows=rows, columns=columns)


def _sketch(outline: Outline, table: DataTable) -> Sketch:
    found = _unique(
        [each for at in range(len(table.heads)) for each in _fields(outline, table, at)]
    )
    sum_of = sum(worth(each["kind"], each["name"]) for each in found)
    score = blocks.ranked(sum_of, len(table.rows)) * blocks.region(table.rows[0])
    score *= 1.4 if any(table.heads) else 0.8
    whole = max(1, outline.nodes[0].text)
    score *= (0.3 + min(1.0, table.node.text / whole)) ** 0.3
    return Sketch(_title, {"css": _rows(outline, table)}, found, score, _required(found, table))


def _required(found: Sequence[Field], table: DataTable) -> list[str]:
    """Columns that titles of parts and sums lack: the first, and one that all items have."""
    if not table.others:
        return []
    full = [
        each["name"]
        for at in range(1, len(table.heads))
        for each in found
        if f":nth-child({at + 1})" in each["css"]
        and "attribute" not in each
        and all(cell.text for cell in table.column(at))
    ]
    return [found[0]["name"], *full[:1]] if found else []


def _rows(outline: Outline, table: DataTable) -> str:
    """A selector of the rows; those with heads are passed over as they lack what is required."""
    if not table.has_plain_head:
        return selectors.items(outline, table.rows, table.others)
    every = selectors.items(outline, [table.others[0], *table.rows], table.others)
    # Heads that are cells like any other can only be told by coming first.
    return f"{every} + tr"


def _fields(outline: Outline, table: DataTable, at: int) -> Iterator[Field]:
    cells = table.column(at)
    texts = [text_of(cell.element) for cell in cells]
    tag = Counter(cell.tag for cell in cells).most_common(1)[0][0]
    place = f"{tag}:nth-child({at + 1})"
    kind = kinds.of(texts)
    name = table.heads[at] or (str(kind) if kind is not Kind.TEXT else f"column_{at + 1}")
    if len(set(filter(None, texts))) > 1 or (len(texts) < 3 and any(texts)):
        yield field(name, {"css": place}, kind, cleaning(kind, texts, outline.language))
    for inner, attribute, ending in (("a", "href", "url"), ("img", "src", "image")):
        if _share(cells, inner, attribute) >= _LINKED and _differ(cells, inner, attribute):
            own = Kind.LINK if inner == "a" else Kind.IMAGE
            called = ending if not at or not any(texts) else f"{name}_{ending}"
            there = {"css": f"{place} {inner}", "attribute": attribute}
            yield field(called, there, own, cleaning(own, []))


def _share(cells: Sequence[Node], tag: str, attribute: str) -> float:
    """In how many cells there is such an element that leads somewhere."""
    having = sum(
        any(node.tag == tag and is_address(node.element.get(attribute)) for node in cell.below())
        for cell in cells
    )
    return having / len(cells)


def _differ(cells: Sequence[Node], tag: str, attribute: str) -> bool:
    """Whether it is not the same in all cells, as a flag or an arrow is."""
    first = [
        next((node.element.get(attribute) for node in cell.below() if node.tag == tag), None)
        for cell in cells
    ]
    return len(set(filter(None, first))) > 1


def _unique(found: list[Field]) -> list[Field]:
    seen: Counter[str] = Counter()
    for each in found:
        seen[each["name"]] += 1
        if seen[each["name"]] > 1:
            each["name"] = f"{each['name']}_{seen[each['name']]}"
    return found
