"""What a target may say in a file, a form or a command, and what a spider without code is told."""

from typing import Any

from pydantic import BaseModel

from docs.written import comments, markdown
from orchestrator.ledger.definitions import TargetDefinition
from orchestrator.ledger.models import ScrapingTarget
from orchestrator.ledger.recipes import RECIPES
from orchestrator.ledger.recipes.part import Part

_HEADERS = ("field", "value", "default", "what it is")


def target_written() -> str:
    schema = TargetDefinition.model_json_schema()
    rows = [
        (
            markdown.code(name),
            markdown.kind(schema["$defs"].get(_part(field), field)),
            "required" if name in schema["required"] else markdown.default(field),
            comments.of(ScrapingTarget, name),
        )
        for name, field in schema["properties"].items()
    ]
    return markdown.table(_HEADERS, rows)


def recipes_written() -> str:
    recipes = [_section(f"## The spider {spider}", kind) for spider, kind in RECIPES.items()]
    parts = {kind.__name__: kind for kind in _below(Part)}
    named = sorted({name for kind in RECIPES.values() for name in _definitions(kind)})
    return "\n".join(recipes + [_section(f"## {name}", parts[name]) for name in named])


def _section(heading: str, kind: type[BaseModel]) -> str:
    schema = kind.model_json_schema(by_alias=True)
    required = schema.get("required", [])
    rows = [
        (
            markdown.code(name),
            markdown.kind(field),
            "required" if name in required else markdown.default(field),
            comments.of(kind, _attribute(kind, name)),
        )
        for name, field in schema.get("properties", {}).items()
    ]
    return f"{heading}\n\n{comments.first(kind)}\n\n{markdown.table(_HEADERS, rows)}"


def _attribute(kind: type[BaseModel], name: str) -> str:
    """What the code calls a field."""
    aliases = {field.alias: attribute for attribute, field in kind.model_fields.items()}
    return aliases.get(name, name)


def _definitions(kind: type[BaseModel]) -> set[str]:
    return set(kind.model_json_schema().get("$defs", {}))


def _below(kind: type[Part]) -> set[type[Part]]:
    return {kind} | {each for inner in kind.__subclasses__() for each in _below(inner)}


def _part(field: dict[str, Any]) -> str:
    """The name of the definition that a field leads to, if it does."""
    return str(field.get("$ref", "")).rpartition("/")[2]
