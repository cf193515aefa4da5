"""What all models of the API have in common.

The text under a field is what the document says of it.
"""

from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Each = TypeVar("Each")

LONGEST_LIST = 500


class Shown(BaseModel):
    """Something that is told."""

    model_config = ConfigDict(
        use_attribute_docstrings=True,
        from_attributes=True,
        json_schema_serialization_defaults_required=True,
    )


class Query(BaseModel):
    """The parameters of an address; one that is not known is refused."""

    model_config = ConfigDict(use_attribute_docstrings=True, extra="forbid")


class Body(BaseModel):
    """What is sent; a field that is not known is refused."""

    model_config = ConfigDict(use_attribute_docstrings=True, extra="forbid", strict=True)


class ListQuery(Query):
    """Which part of a list."""

    limit: int = Field(50, ge=1, le=LONGEST_LIST)
    """How many at the most. There may be fewer although there are more to come."""
    cursor: str | None = Field(None, max_length=1_000)
    """The `next` of the part before; with the same filters."""


class ListOf(Shown, Generic[Each]):
    """A part of a list, and where the next one begins."""

    items: list[Each]
    next: str | None
    """Give it as `cursor` for the next part; null: this is the last one."""
