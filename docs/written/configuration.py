"""The variables: their words from `.env.example`, their bounds from the code that checks them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docs.written import markdown
from orchestrator.config import Config

_EXAMPLE = Path(__file__).parents[2] / ".env.example"


def written() -> str:
    bounds = Config.model_json_schema()["properties"]
    return "\n".join(_section(*variable, bounds) for variable in _variables(_EXAMPLE.read_text()))


def _variables(text: str) -> Iterator[tuple[str, str, str]]:
    """Name, default and what is said of it."""
    for comment, name, value in re.findall(r"^# (.+)\n(\w+)=(.*)$", text, re.MULTILINE):
        yield name, value, comment


def _section(name: str, value: str, comment: str, bounds: dict[str, Any]) -> str:
    facts = _kind(bounds[name]) + (f"Default: `{value}`." if value else "")
    return f"## {name}\n\n{comment}\n\n{facts}\n"


def _kind(schema: dict[str, Any]) -> str:
    """What a value may be, as a sentence where that says more than the comment."""
    kind = markdown.kind(schema)
    if kind == "text" or "array" in str(schema):
        return ""
    return f"{kind[0].upper()}{kind[1:]}. "
