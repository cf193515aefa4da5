"""What the parts are made of: tables, and sentences for what a value may be."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_FORMATS = {"date": "a day", "date-time": "a time", "uuid": "a UUID"}
_KINDS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "a JSON object",
    "string": "text",
}


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; empty without rows."""
    lines = [_line(row) for row in rows]
    return "\n".join([_line(headers), "|---" * len(headers) + "|", *lines, ""]) if lines else ""


def code(text: str) -> str:
    """Text as code, whatever is in it; nothing for nothing."""
    ticks = "``" if "`" in text else "`"
    return f"{ticks}{text}{ticks}" if text else ""


def default(schema: Mapping[str, Any]) -> str:
    """The default of a JSON Schema as code, empty where it is nothing."""
    value = schema.get("default")
    return "" if value in (None, "", [], {}) else code(json.dumps(value))


def kind(schema: Mapping[str, Any]) -> str:
    """What a value may be, as words."""
    if "anyOf" in schema or "oneOf" in schema:
        parts = [kind(part) for part in schema.get("anyOf") or schema["oneOf"]]
        return " or ".join(part for part in dict.fromkeys(parts) if part)
    if "$ref" in schema:
        part = schema["$ref"].rpartition("/")[2]
        return f"[{part}](#{part.lower()})"
    if "const" in schema or "enum" in schema:
        return " or ".join(map(code, map(str, schema.get("enum") or [schema["const"]])))
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    said = _KINDS.get(schema.get("type", ""), "" if schema.get("type") == "null" else "anything")
    if schema.get("type") == "array" and (of := kind(schema.get("items", {}))) not in ("", "text"):
        said += f" of {of}"
    return said + _bounds(schema)


def _bounds(schema: Mapping[str, Any]) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if "exclusiveMinimum" in schema:
        return f" above {schema['exclusiveMinimum']:g}" + _up_to(most)
    if least is not None:
        return f" from {least:,}" + _up_to(most) if most is not None else f", {least:g} or more"
    if "minLength" in schema and schema["minLength"] > 1:
        return f" of {schema['minLength']} characters or more"
    return ""


def _up_to(most: float | None) -> str:
    return "" if most is None else f" to {most:,}"


def _line(cells: Sequence[str]) -> str:
    # A bar would end the cell, a line end the row.
    plain = (" ".join(cell.replace("|", "\\|").split()) for cell in cells)
    return f"| {' | '.join(plain)} |"
