"""Which links of a page are followed."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from orchestrator.exceptions import Sentence
from orchestrator.ledger.recipes.patterns import Pattern
from orchestrator.ledger.recipes.places import Place


class FollowRule(Place):
    """Links that lead to pages with items: those at a place, or whose address matches, or both."""

    #: Found anywhere in the absolute address.
    pattern: Pattern | None = None
    #: How many of a page.
    most: Annotated[int, Field(ge=1, le=10_000)] = 1_000

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if self._places > 1 or (self._places == 0 and self.pattern is None):
            raise ValueError(Sentence("needs css, xpath or pattern"))
        return self


FollowRules = Annotated[list[FollowRule], Field(max_length=20)]
#: Of a whole crawl, counting every page that was fetched.
MostPages = Annotated[int, Field(ge=1, le=1_000_000)]
