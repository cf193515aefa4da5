"""Expectations: what a person says every run of a target must fulfil.

A schema is a program that somebody else wrote: it may neither refer to itself nor use regular
expressions, so that no item makes it run for ever.
"""

from typing import Annotated, Any

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
)

from orchestrator.exceptions import Sentence

_MOST_BYTES, _DEEPEST = 20_000, 12
#: What such a keyword costs is not bounded by the size of the schema.
_REFUSED = frozenset(
    {
        "$ref", "$dynamicRef", "$recursiveRef", "$id", "$anchor", "$dynamicAnchor",
        "pattern", "patternProperties", "uniqueItems", "unevaluatedItems", "unevaluatedProperties",
    }
)  # fmt: skip
#: Within these, keys are names and no keywords.
_NAMED = frozenset({"properties", "dependentSchemas", "dependentRequired", "$defs"})
#: Within these is no schema.
_PLAIN = frozenset({"const", "enum", "default", "examples"})


def _one_line(name: str) -> str:
    if not name.isprintable():
        raise ValueError(Sentence("should be one line of plain text"))
    return name


_FieldName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(_one_line),
]


class Expectations(BaseModel):
    """What a person expects of every run."""

    model_config = ConfigDict(extra="forbid", strict=True)

    #: A job that finds fewer items is bad.
    min_items: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = None
    #: Fields that have something in them in every item.
    required_fields: Annotated[list[_FieldName], Field(max_length=50)] = []
    #: A JSON Schema that every item fits.
    item_schema: dict[str, Any] = {}

    @field_validator("item_schema")
    @classmethod
    def _schema_is_bounded(cls, schema: dict[str, Any]) -> dict[str, Any]:
        return _checked(schema)

    def as_json(self) -> dict[str, Any]:
        """What is said, without what is not."""
        return self.model_dump(exclude_defaults=True)


def _checked(schema: dict[str, Any]) -> dict[str, Any]:
    # As in `fulfilment`: most who read what is expected of a target read of no schema.
    from jsonschema import Draft202012Validator, SchemaError

    _check_keywords(schema, 0)
    try:
        size = len(orjson.dumps(schema))
    except TypeError as error:
        raise ValueError(Sentence("should be plain JSON: %(why)s", why=str(error))) from error
    if size > _MOST_BYTES:
        most = f"{_MOST_BYTES:,}"
        raise ValueError(Sentence("should take at most %(most)s bytes as JSON", most=most))
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        place = ".".join(map(str, error.absolute_path)) or "the schema"
        raise ValueError(
            Sentence("is no JSON Schema: %(place)s is not as it should be", place=place[:200])
        ) from error
    return schema


def _check_keywords(schema: Any, depth: int) -> None:
    if depth > _DEEPEST:
        raise ValueError(Sentence("should not be nested so deeply"))
    if isinstance(schema, list):
        for each in schema:
            _check_keywords(each, depth + 1)
    if not isinstance(schema, dict):
        return
    for word, value in schema.items():
        if word in _REFUSED:
            raise ValueError(Sentence("uses %(word)s, which is not allowed here", word=word))
        if word in _NAMED and isinstance(value, dict):
            for each in value.values():
                _check_keywords(each, depth + 1)
        elif word not in _PLAIN:
            _check_keywords(value, depth + 1)
