"""What a recipe reads for one field from a page, row by row, and where it stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import orjson

from orchestrator.ledger.recipes import corrections, paths
from orchestrator.ledger.recipes.fields import PathField, PlacedField
from orchestrator.ledger.recipes.places import Place
from orchestrator.ledger.recipes.structured import DescribedItems
from spiders_project.extraction import Page, places
from spiders_project.extraction.cleaning import cleaned
from spiders_project.extraction.described import descriptions, of_types
from spiders_project.extraction.extracted import is_empty
from spiders_project.preview import written

#: Rows of a page that are looked at.
MOST_ROWS = 100
Arguments = Mapping[str, Any]


@dataclass(slots=True)
class Reading:
    """The rows of a page and what the field holds in each."""

    #: The elements or objects that are the items.
    scopes: Sequence[Any] = ()
    #: What stands at the place, in each scope that has something there.
    found: list[Any] = field(default_factory=list)
    #: As text before it is cleaned; None where there is nothing.
    raw: list[str | None] = field(default_factory=list)
    #: As the item would hold it.
    values: list[Any] = field(default_factory=list)

    @property
    def filled(self) -> int:
        return sum(not is_empty(value) for value in self.values)

    @property
    def texts(self) -> list[str]:
        return [text for text in self.raw if text]


def read(page: Page, spider: str, arguments: Arguments, name: str) -> Reading:
    """The field as the recipe has it. Raises Invalid's cousins of pydantic and JMESPath."""
    own = corrections.field_of(spider, arguments, name)
    if own is None:
        return Reading()
    if corrections.is_placed(spider, arguments):
        return placed(page, items_of(spider, arguments), PlacedField.model_validate(dict(own)))
    return pathed(page, entries(page, spider, arguments), PathField.model_validate(dict(own)))


def items_of(spider: str, arguments: Arguments) -> Place | None:
    items = corrections.part_of(spider, arguments).get("items")
    return Place.model_validate(dict(items)) if items else None


def placed(page: Page, items: Place | None, field: PlacedField) -> Reading:
    """A field that stands on the page."""
    scopes = [page.tree] if items is None else places.elements(page.tree, items)
    reading = Reading(scopes[:MOST_ROWS])
    for scope in reading.scopes:
        there = places.found(scope, field)
        texts = (places.value_of(one, field.attribute) for one in there)
        values = [value for value in texts if value is not None]
        taken = {"all": values, "joined": " ".join(map(str, values)) or None}.get(
            field.take, next(iter(values), None)
        )
        reading.found.extend(one for one in islice(there, 1) if hasattr(one, "tag"))
        reading.raw.append(str(values[0]) if values else None)
        reading.values.append(cleaned(taken, field.clean, page)[0])
    return reading


def pathed(page: Page, scopes: Sequence[Any], field: PathField) -> Reading:
    """A field of something that came as data."""
    reading = Reading(scopes[:MOST_ROWS])
    path = paths.compiled(field.path)
    for scope in reading.scopes:
        value = path.search(scope)
        reading.raw.append(None if is_empty(value) else written(value))
        reading.values.append(cleaned(value, field.clean, page)[0])
    return reading


def entries(page: Page, spider: str, arguments: Arguments) -> list[Any]:
    """The objects that are the items, of an answer in JSON or of what a page describes."""
    if spider == "api":
        found = answer(page)
        if path := arguments.get("list"):
            found = paths.compiled(path).search(found)
        return found if isinstance(found, list) else []
    part = corrections.part_of(spider, arguments)
    described = DescribedItems.model_validate(
        {name: part[name] for name in ("syntaxes", "types") if name in part}
    )
    for syntax in described.syntaxes:
        if found := of_types(descriptions(page, syntax), described.types):
            return list(found)
    return []


def answer(page: Page) -> Any:
    """The whole answer as data; None for what is no JSON."""
    try:
        return orjson.loads(page.body)
    except orjson.JSONDecodeError:
        return None
