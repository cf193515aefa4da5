"""What may be said of a draft: the page that was fetched, proposals, previews."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, NonNegativeInt, model_validator

from orchestrator.exceptions import Sentence
from orchestrator.ledger.answers import Answer, Json, Shape, Word
from orchestrator.ledger.errands import FURTHER_PAGES, KeptPage

_MOST_PROPOSALS, _MOST_COLUMNS, _MOST_ROWS = 8, 100, 20
#: Without a width, which would make a megabyte of a letter.
_PATTERN = re.compile(r"(?:[^%]|%%|%\(\w+\)[ds])*")


class PageSaid(Answer):
    """A page that was fetched."""

    kind = "page"

    url: str
    status: Annotated[int, Field(ge=0, le=999)]
    headers: dict[str, str]
    body: bytes

    def kept(self) -> KeptPage:
        return KeptPage(self.url, self.status, self.headers, self.body)


class NothingSaid(Answer):
    """The look ends without a page that could be read."""

    kind = "nothing"

    reason: Word
    detail: str


class Column(Shape):
    """A column as a proposal reads it."""

    name: str
    kind: str
    samples: list[Any]


class Title(Shape):
    """A sentence about a page, to be said in its reader's language."""

    pattern: str
    values: dict[str, str | int]

    @model_validator(mode="after")
    def _can_be_said(self) -> Self:
        if not _PATTERN.fullmatch(self.pattern):
            raise ValueError("is no pattern")
        try:
            Sentence(self.pattern, **self.values)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError("lacks a value") from error
        return self


class Proposed(Shape):
    """A recipe that somebody could accept, and what it reads."""

    spider: str
    arguments: Json
    title: Title
    start_url: str
    key_fields: list[str]
    rows: NonNegativeInt | None
    columns: list[Column]
    score: float
    sample: list[dict[str, str]]

    @model_validator(mode="after")
    def _is_a_recipe(self) -> Self:
        # Here, for the workers, as in `definitions`.
        from orchestrator.ledger import recipes

        if self.spider not in recipes.RECIPES:
            raise ValueError("is no spider of recipes")
        recipes.read(self.spider, self.arguments)
        return self


class ProposalsSaid(Answer):
    """What a page could give, best first; or why nothing is proposed for one that can be read."""

    kind = "proposals"

    proposals: Annotated[list[Proposed], Field(max_length=_MOST_PROPOSALS)]
    why_none: Word | None


class Filled(Shape):
    """A column of a preview, and in how many rows it holds something."""

    name: str
    filled: NonNegativeInt


class Cell(Shape):
    """A value as it is shown."""

    text: str
    state: Literal["empty", "odd", "fine"]
    why: str | None = None


class Preview(Shape):
    """What a recipe reads from a page."""

    columns: Annotated[list[Filled], Field(max_length=_MOST_COLUMNS)]
    rows: Annotated[list[list[Cell]], Field(max_length=_MOST_ROWS)]
    count: NonNegativeInt
    next: str | None
    follow: NonNegativeInt
    faults: list[str]

    @model_validator(mode="after")
    def _has_whole_rows(self) -> Self:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError("has rows of another length")
        return self


class PagePreview(Shape):
    """The preview of the page in that place."""

    place: Annotated[int, Field(ge=0, le=FURTHER_PAGES)]
    preview: Preview


class PreviewsSaid(Answer):
    """What the recipe reads from each page."""

    kind = "previews"

    previews: Annotated[list[PagePreview], Field(max_length=1 + FURTHER_PAGES)]

    def by_place(self) -> Mapping[int, Json]:
        return {each.place: each.preview.as_said() for each in self.previews}
