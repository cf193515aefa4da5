"""The `kumo` command: a module per noun.

Modules are loaded when their command is asked for, because the tables and Celery take a second to
import and `kumo --help` should not. So the list of commands is written here.
"""

from importlib import import_module

import click

from orchestrator.exceptions import OrchestratorError

#: Each command, the module it is in, and what the list says of it.
COMMANDS = {
    "up": ("installation", "Start everything: databases, workers, dashboard, demo shop."),
    "run": ("run", "Start a job for a target."),
    "targets": ("targets", "What is scraped: list, show, add, edit, delete; plan, apply, export."),
    "jobs": ("jobs", "What became of it: list, show, cancel, pause, resume, retry."),
    "user": ("users", "Who may sign in: add, passwd, role, remove, list."),
    "token": ("tokens", "What programs show at the API: add, list, revoke."),
    "doctor": ("doctor", "Check the installation; say how to mend what is wrong."),
    "backup": ("backups", "Save the database to a file, while everything runs."),
    "restore": ("backups", "Bring a saved database back; interrupted jobs begin anew."),
    "cleanup": ("cleanup", "Remove what is older than it is kept; --dry-run only tells."),
    "migrate": ("installation", "Bring the database's tables up to this version."),
    "env": ("installation", "Print DATABASE_URL and REDIS_URL, for eval."),
    "chaos": ("chaos", "Kill an installation of its own at random; count what is lost."),
    "demo": ("installation", "Serve the demo shop alone."),
}


class Kumo(click.Group):
    """The commands; and the one place that answers every error raised on purpose."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"{__name__}.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, says) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        # Brings the configuration along, which `kumo --help` need not wait for.
        from orchestrator import log_format

        log_format.begin()
        try:
            return super().invoke(ctx)
        except OrchestratorError as error:
            raise click.ClickException(str(error)) from error


@click.command(cls=Kumo)
@click.version_option(package_name="kumo")
def kumo() -> None:
    """Turns a list of websites into a database that stays current."""
