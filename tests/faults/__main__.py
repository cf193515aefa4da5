"""`python -m tests.faults`: what takes longer than the test suite may."""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from tests import pair
from tests.faults import switched_off


@click.group()
def main() -> None:
    """The long form of the tests of faults."""


@main.command()
@click.option("-k", "expression", help="Only tests that match, as pytest's -k.")
def mechanisms(expression: str | None) -> None:
    """Run each marked test without its mechanism, and see it fail."""
    given = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
    options = ["-k", expression] if expression else []
    shown = []
    with TemporaryDirectory(prefix="kumo-faults-") as name:
        (home := Path(name)).chmod(0o711)
        with pair.started(home, *given) as running:
            for each in switched_off.run_all(running, *options):
                click.echo(each)
                shown.append(each.as_it_should)
    click.echo(f"{sum(shown)} of {len(shown)} failed as they should.")
    sys.exit(not all(shown))


if __name__ == "__main__":
    main(prog_name="python -m tests.faults")
