"""`kumo user`: who may sign in to the dashboard.

A password is typed unseen or comes by standard input, never as an argument: arguments show in the
list of processes and stay in the shell's history. Who typed a command is unknown here, so the audit
list names the machine.
"""

import socket
import sys

import click
from sqlalchemy.orm import Session

from orchestrator import database
from orchestrator.cli import printing
from orchestrator.ledger import audit, people
from orchestrator.ledger.models import Role, User

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
        added = people.add(session, name, password, role=given)
        _note(session, "user.add", added, role=given)
    click.echo(f"Added {name} as {given}.")


@user.command()
@click.argument("name")
@_stdin_option
def passwd(name: str, *, from_stdin: bool) -> None:
    """Set a new password, which signs the person out everywhere."""
    with database.transaction() as session:
        user_id = people.find(session, name).id
    password = _password(from_stdin=from_stdin)
    with database.transaction() as session:
        changed = people.change_password(session, user_id, password)
        _note(session, "user.password", changed)
    click.echo(f"The password of {name} is changed.")


@user.command()
@click.argument("name")
@click.argument("role", type=click.Choice([role.value for role in Role]))
def role(name: str, *, role: str) -> None:
    """Change what a person may do."""
    with database.transaction() as session:
        changed = people.change_role(session, people.find(session, name).id, Role(role))
        _note(session, "user.role", changed, role=role)
    click.echo(f"{changed.name} is now {changed.role}.")


@user.command()
@click.argument("name")
@click.confirmation_option("--yes", prompt="Remove this account, its sessions and API tokens?")
def remove(name: str) -> None:
    """End an account, its sessions and its API tokens."""
    with database.transaction() as session:
        gone = people.remove(session, people.find(session, name).id)
        _note(session, "user.remove", gone)
    click.echo(f"Removed {gone.name}.")


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


def _note(session: Session, action: str, about: User, **details: str) -> None:
    who = f"kumo user on {socket.gethostname()}"
    audit.record(session, who, action, about.name, **details)


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
