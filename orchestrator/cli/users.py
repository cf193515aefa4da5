"""`kumo user`: who may sign in to the dashboard.

A password is typed unseen or comes by standard input, never as an argument: arguments show in the
list of processes and stay in the shell's history.
"""

import sys

import click

from orchestrator import database
from orchestrator.cli import printing
from orchestrator.ledger import people
from orchestrator.ledger.models import Role

_stdin_option = click.option(
    "--password-stdin", "from_stdin", is_flag=True, help="Read the password from standard input."
)


@click.group()
def user() -> None:
    """Who may sign in to the dashboard."""


@user.command()
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    help="What they may do.  [default: admin for the first account, then viewer]",
)
@_stdin_option
def add(name: str, *, role: str | None, from_stdin: bool) -> None:
    """Make an account. An operator also runs and edits targets, an admin also manages users."""
    with database.transaction() as session:
        given = Role(role) if role else _default_role(people.count(session))
    password = _password(from_stdin=from_stdin)
    with database.transaction() as session:
        people.add(session, name, password, role=given)
    click.echo(f"Added {name} as {given}.")


@user.command()
@click.argument("name")
@_stdin_option
def passwd(name: str, *, from_stdin: bool) -> None:
    """Set a new password, which signs the person out everywhere."""
    with database.transaction() as session:
        people.find(session, name)
    password = _password(from_stdin=from_stdin)
    with database.transaction() as session:
        people.change_password(session, name, password)
    click.echo(f"The password of {name} is changed.")


@user.command("list")
@printing.json_option
def list_(*, as_json: bool) -> None:
    """List the accounts."""
    with database.transaction() as session:
        everyone = people.everyone(session)
    names = ("name", "role", "created_at", "signed_in_at")
    if as_json:
        printing.as_json([{name: getattr(one, name) for name in names} for one in everyone])
    elif not everyone:
        click.echo("No accounts yet; `kumo user add NAME` makes the first.")
    else:
        rows = [[getattr(one, name) for name in names] for one in everyone]
        printing.table(("NAME", "ROLE", "CREATED", "LAST SIGNED IN"), rows)


def _default_role(accounts: int) -> Role:
    # Somebody has to be able to let the others in.
    return Role.VIEWER if accounts else Role.ADMIN


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
