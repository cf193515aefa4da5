"""A database full of targets, jobs and items: the one that is named, or one made for this run."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from benchmarks import beside
from benchmarks.installation import Installation
from benchmarks.large_database import filling
from benchmarks.large_database.amounts import Amounts

_SMALLEST = 0.000_5


def database(installation: Installation, scale: float, *, quick: bool) -> str:
    """The address of a large database, `scale` 1 being a million jobs; a small one if `quick`."""
    if installation.large_database:
        return installation.large_database
    scale = _SMALLEST if quick else scale
    return installation.shared(f"filled {scale}", lambda: _filled(scale))


@contextmanager
def _filled(scale: float) -> Iterator[str]:
    url = beside.made(f"filled-{scale}")
    filling.fill(url, Amounts(scale), tell=lambda what: click.echo(f"filling: {what}", err=True))
    yield url
