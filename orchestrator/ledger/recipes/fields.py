"""The fields of an item, and where each is found."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints

from orchestrator.exceptions import Sentence
from orchestrator.ledger.recipes.part import Part
from orchestrator.ledger.recipes.paths import Path
from orchestrator.ledger.recipes.places import Place
from orchestrator.ledger.recipes.steps import Steps


def _plain(name: str) -> str:
    if not name.isprintable():
        raise ValueError(Sentence("should be one line of plain text"))
    return name


FieldName = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_plain)]
#: As HTML has them; data-price-value and xlink:href too.
Attribute = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][\w.:-]{0,99}$")]


class PlacedField(Place):
    """A field of an item on a page."""

    name: FieldName
    #: Which attribute of the element; absent = its text.
    attribute: Attribute | None = None
    take: Literal["first", "all", "joined"] = "first"
    clean: Steps = []
    #: Without it there is no item.
    required: bool = False


class PathField(Part):
    """A field of an item that came as data."""

    name: FieldName
    path: Path
    clean: Steps = []
    required: bool = False


def _differ(fields: list[Any]) -> list[Any]:
    names = [field.name for field in fields]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(Sentence("has two fields that are called %(name)s", name=twice))
    return fields


PlacedFields = Annotated[
    list[PlacedField], Field(min_length=1, max_length=100), AfterValidator(_differ)
]
PathFields = Annotated[
    list[PathField], Field(min_length=1, max_length=100), AfterValidator(_differ)
]
