"""`kumo token`: what programs show at the API.

A token speaks for a person and may never do more than that person. Whoever may type this command on
the machine could make themselves an account as well, so nobody is asked for a password here.
"""

import socket
from datetime import timedelta

import click
from sqlalchemy.orm import Session

from orchestrator import database
from orchestrator.cli import printing
from orchestrator.exceptions import UserNotFound
from orchestrator.ledger import audit, people, tokens
from orchestrator.ledger.models import Role, Scope, User


@click.group()
def token() -> None:
    """What programs show at the API."""


@token.command()
@click.argument("name")
@click.option(
    "--scope",
    type=click.Choice([scope.value for scope in Scope]),
    default=Scope.OPERATE.value,
    show_default=True,
    help="What it may do.",
)
@click.option("--user", help="Whom it speaks for.  [default: the first admin]")
@click.option(
    "--days",
    type=click.IntRange(0, 365),
    default=365,
    show_default=True,
    help="How long it lasts; 0: for ever, for admins.",
)
@printing.json_option
def add(name: str, *, scope: str, user: str | None, days: int, as_json: bool) -> None:
    """Make a token called NAME, which is printed this once."""
    with database.transaction() as session:
        owner = people.find(session, user) if user else _first_admin(session)
        life = timedelta(days=days) if days else None
        made = tokens.make(session, owner.id, name, Scope(scope), life)
        _note(session, "token.make", name, scope=scope, days=days, user=owner.name)
    if as_json:
        printing.as_json({"token": made})
    else:
        # Alone on its line, for a script to take.
        click.echo(f"The token {name} of {owner.name}, shown this once:", err=True)
        click.echo(made)


@token.command("list")
@printing.json_option
def list_(*, as_json: bool) -> None:
    """List the tokens; what they are nobody can be shown again."""
    with database.transaction() as session:
        rows = tokens.everyones(session, size=10_000)
    names = ("id", "name", "scope", "created_at", "expires_at", "used_at")
    if as_json:
        told = [{name: getattr(each, name) for name in names} for each, _ in rows]
        printing.as_json([each | {"user": row[1]} for each, row in zip(told, rows, strict=True)])
    elif not rows:
        click.echo("No tokens yet; `kumo token add NAME` makes one.")
    else:
        headers = ("ID", "NAME", "SCOPE", "CREATED", "ENDS", "LAST USED", "USER")
        printing.table(
            headers, [[*(getattr(each, name) for name in names), user] for each, user in rows]
        )


@token.command()
@click.argument("token_id", metavar="ID", type=click.IntRange(1, 2**63 - 1))
def revoke(token_id: int) -> None:
    """End the token of that ID; programs that use it are refused from then on."""
    with database.transaction() as session:
        name = tokens.revoke(session, token_id)
        _note(session, "token.revoke", name)
    click.echo(f"Revoked {name}.")


def _first_admin(session: Session) -> User:
    admins = [each for each in people.everyone(session) if each.role is Role.ADMIN]
    if not admins:
        raise UserNotFound(
            "There is no account that a token could speak for; `kumo user add NAME` makes one."
        )
    return min(admins, key=lambda each: each.id)


def _note(session: Session, action: str, name: str, **details: object) -> None:
    audit.record(session, f"kumo token on {socket.gethostname()}", action, name, **details)
