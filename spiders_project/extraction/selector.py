"""Items by selectors."""

from typing import Any

from orchestrator.ledger.recipes.fields import PlacedField
from orchestrator.ledger.recipes.selector import PlacedItems, SelectorRecipe
from spiders_project.extraction import places
from spiders_project.extraction.cleaning import cleaned
from spiders_project.extraction.extracted import Extracted, Row
from spiders_project.extraction.links import links
from spiders_project.extraction.pages import Page


def extract(page: Page, recipe: SelectorRecipe) -> Extracted:
    extracted = rows(page, recipe)
    extracted.links = links(page, recipe.follow, recipe.next_page)
    return extracted


def rows(page: Page, recipe: PlacedItems) -> Extracted:
    """The items of this page. Where the page is the item itself, its address is its `url`."""
    extracted = Extracted()
    required = frozenset(field.name for field in recipe.fields if field.required)
    if recipe.items is not None:
        for node in places.elements(page.tree, recipe.items):
            extracted.add(_row(node, recipe.fields, page), required)
        return extracted
    extracted.add(_row(page.tree, recipe.fields, page), required)
    extracted.rows = [{"url": page.url, **row} for row in extracted.rows]
    return extracted


def _row(node: Any, fields: list[PlacedField], page: Page) -> Row:
    row: Row = {}
    others: Row = {}
    for field in fields:
        row[field.name], more = cleaned(_value(node, field), field.clean, page)
        others |= more
    # A field of that name is asked for; what a price brings along fills what is left.
    return {**row, **{name: each for name, each in others.items() if name not in row}}


def _value(node: Any, field: PlacedField) -> Any:
    each = (places.value_of(one, field.attribute) for one in places.found(node, field))
    values = (value for value in each if value is not None)
    match field.take:
        case "all":
            return list(values)
        case "joined":
            return " ".join(map(str, values)) or None
    return next(values, None)
