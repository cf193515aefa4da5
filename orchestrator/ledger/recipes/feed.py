"""The recipe of the spider `feed`: RSS and Atom say themselves where everything stands."""

from typing import Annotated, Literal

from pydantic import Field

from orchestrator.ledger.recipes.part import Part

FeedField = Literal[
    "url", "id", "title", "summary", "content", "author", "published", "updated", "tags", "image"
]


class FeedRecipe(Part):
    """Items are the entries of the feeds at the start URLs."""

    #: Absent = all that an entry has. Its url and id come with every item.
    fields: Annotated[list[FeedField], Field(min_length=1, max_length=20)] | None = None
