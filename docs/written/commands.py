"""The `kumo` command: what it says of itself when it is asked for help."""

from collections.abc import Iterator
from inspect import cleandoc

import click

from demo.__main__ import main as demo
from docs.written import markdown
from orchestrator.cli import kumo


def written() -> str:
    return "\n".join(_sections(kumo, click.Context(kumo, info_name="kumo")))


def _sections(group: click.Group, context: click.Context) -> Iterator[str]:
    """Each command below, a group before its own."""
    for name in group.list_commands(context):
        command = demo if name == "demo" else group.get_command(context, name)
        assert command is not None
        inner = click.Context(command, context, info_name=name)
        yield _section(command, inner)
        if isinstance(command, click.Group):
            yield from _sections(command, inner)


def _section(command: click.Command, context: click.Context) -> str:
    usage = " ".join((context.command_path, *command.collect_usage_pieces(context)))
    rows = [
        (markdown.code(record[0]), record[1])
        for parameter in command.get_params(context)
        # Arguments are in the line above; every command has --help.
        if isinstance(parameter, click.Option) and "--help" not in parameter.opts
        if (record := parameter.get_help_record(context))
    ]
    options = markdown.table(("option", "what it does"), rows)
    # A group and what belongs to it: one below the other in the table of contents.
    level = "##" if context.parent and context.parent.parent is None else "###"
    says = f"{cleandoc(command.help or '')}\n\n```text\n{usage}\n```\n\n{options}"
    return f"{level} {context.command_path}\n\n{says}"
