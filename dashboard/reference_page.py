"""The API's document as a person reads it: by noun, what each operation takes and answers."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

_CODE = re.compile("`([^`]+)`")
_REFERENCE = "#/components/schemas/"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a value may be: words, and the schema that they name if there is one."""

    words: str
    schema: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A parameter or a field."""

    name: str
    kind: Kind
    says: Markup
    #: In which part of the request it stands; empty: in the body, or in an answer.
    place: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """An answer."""

    status: str
    says: Markup
    kind: Kind | None


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address."""

    id: str
    method: str
    path: str
    summary: str
    says: Markup
    takes: Sequence[Line]
    body: Kind | None
    answers: Sequence[Told]


@dataclass(frozen=True, slots=True)
class Noun:
    """What can be asked about one noun."""

    name: str
    says: str
    operations: Sequence[Operation]


@dataclass(frozen=True, slots=True)
class Schema:
    """What a named value is made of."""

    name: str
    says: str
    lines: Sequence[Line]
    #: Of one that has no fields.
    kind: Kind | None


def nouns(document: Mapping[str, Any]) -> list[Noun]:
    found = list(_operations(document))
    return [
        Noun(
            tag["name"],
            tag["description"],
            [operation for noun, operation in found if noun == tag["name"]],
        )
        for tag in document["tags"]
    ]


def schemas(document: Mapping[str, Any]) -> list[Schema]:
    named = document["components"]["schemas"]
    return [_schema(name, named[name]) for name in sorted(named)]


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, Operation]]:
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            yield (
                told["tags"][0],
                Operation(
                    told["operationId"],
                    method.upper(),
                    path,
                    told["summary"],
                    _marked(told["description"]),
                    [_parameter(each) for each in told["parameters"]],
                    _content(told.get("requestBody", {})),
                    [_told(*each) for each in told["responses"].items()],
                ),
            )


def _parameter(told: Mapping[str, Any]) -> Line:
    says = _marked(told["description"])
    return Line(told["name"], _kind(told["schema"]), says, told["in"], told["required"])


def _told(status: str, told: Mapping[str, Any]) -> Told:
    return Told(status, _marked(told["description"]), _content(told))


def _content(told: Mapping[str, Any]) -> Kind | None:
    for media_type, content in told.get("content", {}).items():
        return _kind(content["schema"]) if "schema" in content else Kind(media_type)
    return None


def _schema(name: str, schema: Mapping[str, Any]) -> Schema:
    required = schema.get("required", ())
    lines = [
        Line(field, _kind(each), _marked(each.get("description", "")), required=field in required)
        for field, each in schema.get("properties", {}).items()
    ]
    return Schema(name, schema.get("description", ""), lines, None if lines else _kind(schema))


def _marked(text: str) -> Markup:
    """What stands between backticks is code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704  # escaped before


def _kind(schema: Mapping[str, Any]) -> Kind:
    if reference := schema.get("$ref"):
        name = reference.removeprefix(_REFERENCE)
        return Kind(name, name)
    if "enum" in schema:
        return Kind(" | ".join(map(str, schema["enum"])))
    if "anyOf" in schema:
        kinds = [_kind(each) for each in schema["anyOf"]]
        named = next((each.schema for each in kinds if each.schema), "")
        return Kind(" | ".join(each.words for each in kinds), named)
    if schema.get("type") == "array":
        each = _kind(schema.get("items", {}))
        return Kind(f"{each.words}[]", each.schema)
    return Kind(str(schema.get("format") or schema.get("const") or schema.get("type") or "any"))
