"""Tables: the rows are items, the heads name their columns."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from spiders_project.extraction.texts import text_of
from spiders_project.proposals import kinds, vocabulary
from spiders_project.proposals.outline import Node
from spiders_project.proposals.slots import is_address

_FEWEST_ROWS = 2
_MOST_ROWS = 60
_MOST_COLUMNS = 40
_MOST_TABLES = 30
_PARTS = frozenset(("thead", "tbody", "tfoot"))


@dataclass(slots=True, eq=False)
class DataTable:
    """A table with items in it."""

    node: Node
    #: What each column is called; None where nothing says so.
    heads: list[str | None]
    #: The rows that are items.
    rows: list[Node]
    #: Heads, totals and titles of parts.
    others: list[Node]
    #: Whether its heads are cells like any other, in the first row.
    has_plain_head: bool

    def column(self, at: int) -> list[Node]:
        """The cells of a column in the first rows."""
        return [cells(row)[at] for row in self.rows[:_MOST_ROWS]]


def tables(nodes: Sequence[Node]) -> list[DataTable]:
    """The tables of a page that hold items, in its order."""
    found = [_read(node) for node in nodes if node.tag == "table"][:_MOST_TABLES]
    return [table for table in found if table is not None]


def cells(row: Node) -> list[Node]:
    return [child for child in row.children if child.tag in ("td", "th")]


def rows(table: Node) -> list[Node]:
    """Its own rows, not those of tables within."""
    found: list[Node] = []
    for child in table.children:
        if child.tag == "tr":
            found.append(child)
        elif child.tag in _PARTS:
            found.extend(row for row in child.children if row.tag == "tr")
    return found


def is_pair(row: Node) -> bool:
    """Whether a row is a label and its value."""
    pair = cells(row)
    return len(pair) == 2 and pair[0].tag == "th" and pair[1].tag == "td"


def address_in(cell: Node) -> str | None:
    """Where the first link in a cell leads."""
    for node in cell.below():
        if node.tag == "a" and is_address(node.element.get("href")):
            return str(node.element.get("href"))
    return None


def _read(node: Node) -> DataTable | None:
    every = rows(node)
    heads, body = _parted(every)
    if not body or any(cell.elements > 60 for cell in cells(body[0])):
        return None
    width = Counter(len(cells(row)) for row in body).most_common(1)[0][0]
    items = [row for row in body if _is_item(row, width)]
    if not 2 <= width <= _MOST_COLUMNS or len(items) < max(_FEWEST_ROWS, 0.4 * len(body)):
        return None
    if not heads and all(is_pair(row) for row in items):
        return None
    kept = set(items)
    others = [row for row in every if row not in kept]
    plain = any(cell.tag == "td" for row in heads for cell in cells(row))
    in_head = any(row.parent is not None and row.parent.tag == "thead" for row in heads)
    return DataTable(node, _heads(heads, width), items, others, plain and not in_head)


def _parted(every: Sequence[Node]) -> tuple[list[Node], list[Node]]:
    """The rows with heads, and those below them."""
    heads: list[Node] = []
    for row in every:
        in_head = row.parent is not None and row.parent.tag == "thead"
        if not in_head and not (cells(row) and all(cell.tag == "th" for cell in cells(row))):
            break
        heads.append(row)
    body = [row for row in every[len(heads) :] if cells(row)]
    if not heads and _is_head(body):
        return body[:1], body[1:]
    return heads, body


def _is_head(body: Sequence[Node]) -> bool:
    """Whether the first row names what is in the others, though it looks like them."""
    if len(body) < 3:
        return False
    names = [text_of(cell.element) for cell in cells(body[0])]
    if len(names) < 2 or not all(0 < len(name) <= 40 for name in names):
        return False
    if any(address_in(cell) for cell in cells(body[0])):
        return False
    if any(kinds.of([name]) is not kinds.Kind.TEXT for name in names):
        return False
    below = [_texts(body[1:9], at) for at in range(len(names))]
    return any(kinds.of(texts) is not kinds.Kind.TEXT for texts in below)


def _texts(some: Sequence[Node], at: int) -> list[str]:
    return [text_of(cells(row)[at].element) for row in some if at < len(cells(row))]


def _is_item(row: Node, width: int) -> bool:
    own = cells(row)
    if row.parent is not None and row.parent.tag == "tfoot":
        return False
    return len(own) == width and not any(_span(cell, "colspan") > 1 for cell in own)


def _heads(above: Sequence[Node], width: int) -> list[str | None]:
    """The names of the columns; heads over several columns are put before those below them."""
    grid: list[list[str]] = [[] for _ in range(width)]
    taken: dict[tuple[int, int], bool] = {}
    for depth, row in enumerate(above[:5]):
        at = 0
        for cell in cells(row):
            while taken.get((depth, at)):
                at += 1
            across, down = _span(cell, "colspan"), _span(cell, "rowspan")
            text = text_of(cell.element)
            for place in range(at, min(at + across, width)):
                taken |= {(depth + lower, place): True for lower in range(down)}
                # A title over the whole table names no column.
                if text not in grid[place] and not (across >= width and len(above) > 1):
                    grid[place].append(text)
            at += across
    return [vocabulary.labelled(" ".join(texts)) if any(texts) else None for texts in grid]


def _span(cell: Node, name: str) -> int:
    value = cell.element.get(name, "1").strip()
    return min(50, max(1, int(value))) if value.isascii() and value.isdigit() else 1
