"""The recipe of the spider `structured`: what pages say of themselves for search engines."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from orchestrator.ledger.recipes.fields import PathFields
from orchestrator.ledger.recipes.links import FollowRules, MostPages
from orchestrator.ledger.recipes.part import Part
from orchestrator.ledger.recipes.places import Place

Syntax = Literal["json-ld", "microdata", "opengraph"]
TypeName = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class DescribedItems(Part):
    """Which descriptions are items, and which of their properties are fields."""

    #: The first of these that describes anything on a page is taken.
    syntaxes: Annotated[list[Syntax], Field(min_length=1, max_length=3)] = [
        "json-ld",
        "microdata",
        "opengraph",
    ]
    #: Such as Product; empty = whatever is described.
    types: Annotated[list[TypeName], Field(max_length=20)] = []
    #: Absent = all that a description has.
    fields: PathFields | None = None


class StructuredRecipe(DescribedItems):
    """Items by what pages describe; every page visited that describes some gives them."""

    follow: FollowRules = []
    next_page: Place | None = None
    most_pages: MostPages | None = None
