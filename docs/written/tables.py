"""The tables: what the models declare and say."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Enum
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapper

from docs.written import comments, markdown
from orchestrator.ledger.models import Table

_HEADERS = ("column", "type", "may be null", "what it is")
_POSTGRES = postgresql.dialect()  # type: ignore[no-untyped-call]


def written() -> str:
    tables = sorted(Table.registry.mappers, key=lambda mapper: mapper.local_table.description)
    return "\n".join(map(_section, tables))


def _section(mapper: Mapper[Any]) -> str:
    kind = mapper.class_
    rows = [_row(kind, name, column) for name, column in _columns(mapper)]
    about = f"{comments.first(kind)} In the code: `{kind.__module__}.{kind.__name__}`."
    words = "".join(f"\n{each}" for each in _words(mapper))
    table = markdown.table(_HEADERS, rows)
    return f"## {mapper.local_table.description}\n\n{about}\n\n{table}{words}"


def _columns(mapper: Mapper[Any]) -> Iterator[tuple[str, Column[Any]]]:
    """Each column, with what the code calls it."""
    for column in mapper.local_table.columns:
        assert isinstance(column, Column)
        yield mapper.get_property_by_column(column).key, column


def _row(kind: type, name: str, column: Column[Any]) -> tuple[str, ...]:
    # A table that people refer to is one click away.
    refers = [f"[{key.column.table.name}](#{key.column.table.name})" for key in column.foreign_keys]
    says = " ".join(filter(None, (comments.of(kind, name), _key(column), *refers)))
    type_ = markdown.code(column.type.compile(_POSTGRES).lower())
    return markdown.code(column.name), type_, "yes" if column.nullable else "", says


def _key(column: Column[Any]) -> str:
    return "Primary key." if column.primary_key else ""


def _words(mapper: Mapper[Any]) -> Iterator[str]:
    """What the words of a column mean."""
    for _, column in _columns(mapper):
        words = column.type.enum_class if isinstance(column.type, Enum) else None
        if isinstance(words, type) and issubclass(words, StrEnum):
            rows = [(markdown.code(word.value), comments.of(words, word.name)) for word in words]
            yield markdown.table((markdown.code(column.name), "means"), rows)
