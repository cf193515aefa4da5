"""The recipe of the spider `api`: where the list is in an answer of JSON, and what comes next."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from orchestrator.exceptions import Sentence
from orchestrator.ledger.recipes.fields import PathFields
from orchestrator.ledger.recipes.headers import Headers
from orchestrator.ledger.recipes.links import MostPages
from orchestrator.ledger.recipes.part import Part
from orchestrator.ledger.recipes.paths import Path

Parameter = Annotated[str, StringConstraints(pattern=r"^[^\s&=#?]{1,100}$")]


class NextAnswer(Part):
    """Where the next answer is.

    A `path` leads to its address; with a `parameter`, to the value that this parameter of the
    address gets. A `parameter` alone is counted on until a list is empty.
    """

    path: Path | None = None
    parameter: Parameter | None = None
    first: Annotated[int, Field(ge=0, le=1_000_000)] = Field(1, alias="from")
    #: Such as 20, where the parameter tells how many entries to pass over.
    by: Annotated[int, Field(ge=1, le=10_000)] = 1

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if self.path is None and self.parameter is None:
            raise ValueError(Sentence("needs path or parameter"))
        if self.path is not None and self.model_fields_set & {"first", "by"}:
            raise ValueError(Sentence("counts with from and by only where there is no path"))
        return self


class ApiRecipe(Part):
    """Items are the entries of a list, in answers of JSON from the start URLs."""

    #: Absent = the answer itself is the list.
    list_path: Path | None = Field(None, alias="list")
    #: Absent = all that an entry has.
    fields: PathFields | None = None
    next_page: NextAnswer | None = None
    most_pages: MostPages | None = None
    headers: Headers = {}
