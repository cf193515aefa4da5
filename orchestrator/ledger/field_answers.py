"""What may be said of a field that is empty: what is left of it, and where it could be."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt

from orchestrator.ledger.answers import Answer, Json, Shape, Word


class Line(Shape):
    """A line of a page."""

    text: str
    kind: Literal["gone", "new"] | None = None
    marked: bool = False


class Reading(Shape):
    """What a field holds at a place."""

    of: NonNegativeInt
    filled: NonNegativeInt
    values: list[str]


class Candidate(Reading):
    """Another place for it."""

    place: Json
    score: float


class Trial(Shape):
    """A place that was tried on both pages."""

    place: Json
    before: Reading | None = None
    now: Reading


class Remains(Shape):
    """The part of a selector that still finds something."""

    selector: str
    count: NonNegativeInt


class InText(Shape):
    """What two pages say differently."""

    way: Literal["text"]
    differences: list[Line]


class InData(Shape):
    """Where the field stood and stands, in data."""

    way: Literal["path"]
    now: Reading
    before: Reading | None
    trial: Trial | None
    items_lost: bool
    lines_before: list[Line]
    lines_now: list[Line]
    candidates: list[Candidate]


class OnPages(InData):
    """Likewise on a page."""

    way: Literal["placed"]  # type: ignore[assignment]  # told apart by it
    remains: Remains | None


class FindingsSaid(Answer):
    """Why a field is empty."""

    kind = "findings"

    findings: Annotated[InText | InData | OnPages, Field(discriminator="way")]


class NoFindingsSaid(Answer):
    """Why that could not be found out."""

    kind = "no_findings"

    fault: Word
