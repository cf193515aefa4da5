"""Items by what pages describe."""

from typing import Any

from orchestrator.ledger.recipes import paths
from orchestrator.ledger.recipes.fields import PathField
from orchestrator.ledger.recipes.structured import DescribedItems, StructuredRecipe
from spiders_project.extraction.cleaning import cleaned
from spiders_project.extraction.described import Description, descriptions, of_types
from spiders_project.extraction.extracted import Extracted, Row
from spiders_project.extraction.links import links
from spiders_project.extraction.pages import Page

#: How deep a property may be to become a field by itself: offers_price, address_geo_latitude.
_DEEPEST = 3
_UNTOLD = frozenset({"@context", "@type", "@id"})


def extract(page: Page, recipe: StructuredRecipe) -> Extracted:
    extracted = rows(page, recipe)
    extracted.links = links(page, recipe.follow, recipe.next_page)
    return extracted


def rows(page: Page, recipe: DescribedItems) -> Extracted:
    """The first syntax that describes what is wanted gives the rows."""
    extracted = Extracted()
    required = frozenset(field.name for field in recipe.fields or [] if field.required)
    for syntax in recipe.syntaxes:
        found = of_types(descriptions(page, syntax), recipe.types)
        for description in found:
            address = _address(description, page) or (page.url if len(found) == 1 else None)
            row = _row(description, recipe.fields, page)
            own = {} if address is None else {"url": address}
            extracted.add(row, required)
            if extracted.rows and extracted.rows[-1] is row:
                extracted.rows[-1] = {**own, **row}
        if extracted.rows:
            break
    return extracted


def path_row(data: Any, fields: list[PathField], page: Page) -> Row:
    """The fields of something that came as data."""
    row: Row = {}
    others: Row = {}
    for field in fields:
        row[field.name], more = cleaned(paths.compiled(field.path).search(data), field.clean, page)
        others |= more
    return {**row, **{name: each for name, each in others.items() if name not in row}}


def _row(description: Description, fields: list[PathField] | None, page: Page) -> Row:
    if fields is not None:
        return path_row(description, fields, page)
    return flat({name: each for name, each in description.items() if name not in _UNTOLD})


def flat(data: dict[str, Any], depth: int = 1) -> Row:
    """Properties within properties as fields of their own; lists stay lists."""
    row: Row = {}
    for name, value in data.items():
        one = value[0] if isinstance(value, list) and len(value) == 1 else value
        if isinstance(one, dict) and depth < _DEEPEST:
            inner = {key: each for key, each in one.items() if key not in _UNTOLD}
            row |= {f"{name}_{key}": each for key, each in flat(inner, depth + 1).items()}
        else:
            row[name] = one
    return row


def _address(description: Description, page: Page) -> str | None:
    for name in ("url", "@id"):
        address = description.get(name)
        if isinstance(address, str) and not address.startswith("#"):
            return page.absolute(address)
    return None
