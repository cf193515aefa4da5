"""Commands about an installation as a whole: `up`, `migrate`, `demo`, `env`."""

import os
import shlex
import sys

import click

from orchestrator import config


@click.command()
@click.pass_context
def up(context: click.Context) -> None:
    """Start everything this machine needs, and stop it all at Ctrl-C.

    Databases that DATABASE_URL and REDIS_URL name are used; those not named are started.
    """
    # The embedded servers are an extra, which other commands do without.
    from orchestrator.embedded.up import up as serve

    context.exit(serve())


@click.command()
def migrate() -> None:
    """Bring the database's tables up to this version; harmless when they are."""
    from orchestrator import migrations

    migrations.upgrade()
    click.echo("The database has this version's tables.")


@click.command()
def env() -> None:
    """Print DATABASE_URL and REDIS_URL of the running pair.

    For a shell: set -a; eval "$(kumo env)"; set +a
    """
    settings = config.get()
    # Others read no driver in an address; our own reader puts it back.
    database_url = settings.require_database_url().replace("+psycopg2", "", 1)
    redis_url = settings.require_redis_url()
    click.echo(f"DATABASE_URL={shlex.quote(database_url)}")
    click.echo(f"REDIS_URL={shlex.quote(redis_url)}")


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    add_help_option=False,
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def demo(options: tuple[str, ...]) -> None:
    """Serve the demo shop alone; the options are those of `python -m demo`."""
    port = str(config.get().demo_port)
    # In our place, so that signals reach it; an option given later wins.
    os.execv(sys.executable, [sys.executable, "-m", "demo", "--port", port, *options])  # noqa: S606
