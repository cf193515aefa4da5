"""How answers are printed: aligned text for people, JSON for programs.

Much of what is printed came from strangers' pages, so no control character reaches the terminal.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import click
from wcwidth import ljust, rjust, width

from orchestrator import config

Command = Callable[..., Any]

#: The option every command that answers with data has.
json_option: Callable[[Command], Command] = click.option(
    "--json", "as_json", is_flag=True, help="Answer as JSON."
)


def table(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Prints columns as wide as their widest cell on a terminal; numbers stand to the right."""
    rows = list(rows)
    columns = [_column(*column) for column in zip(headers, *rows, strict=True)]
    for line in zip(*columns, strict=True):
        click.echo("  ".join(line).rstrip())


def pairs(facts: Iterable[tuple[str, Any]]) -> None:
    """Prints names and values below each other; a value may have several lines."""
    named = [(name, lines(value)) for name, value in facts]
    wide = max(width(name) for name, _ in named)
    for name, value in named:
        for at, line in enumerate(value.splitlines() or [""]):
            click.echo(f"{ljust(name if at == 0 else '', wide)}  {line}".rstrip())


def as_json(value: Any) -> None:
    # Escaped to ASCII: safe on every terminal and in every encoding.
    click.echo(json.dumps(value, default=_plain_json))


def cell(value: Any) -> str:
    """A value in one line."""
    return " ".join(lines(value).split())


def lines(value: Any) -> str:
    """A value as text whose only control characters are line ends."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, datetime):
        return f"{value.astimezone(config.get().zone):%Y-%m-%d %H:%M:%S %Z}"
    text = click.unstyle(str(value)).expandtabs(4)
    return "".join(one if one.isprintable() or one == "\n" else "�" for one in text)


def _column(header: str, *values: Any) -> list[str]:
    cells = [header, *map(cell, values)]
    wide = max(map(width, cells))
    place = rjust if any(type(value) is int for value in values) else ljust
    return [place(one, wide) for one in cells]


def _plain_json(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
