"""`python -m benchmarks.large_database`: fills a database, and keeps its own one running."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGINT
from tempfile import TemporaryDirectory

import click

from benchmarks import processes
from benchmarks.addressed import addressed
from benchmarks.large_database import filling
from benchmarks.large_database.amounts import Amounts
from orchestrator import migrations
from orchestrator.embedded import postgres

#: Rows into a table that is emptied in the same transaction are then written once, not twice.
_SETTINGS = {"wal_level": "minimal", "max_wal_senders": "0", "max_wal_size": "8GB"}

#: What is filled from the items that are there.
_PARTS = {"words": filling.fill_words, "changes": filling.fill_changes}


@click.command()
@click.option("--database", help="Fill this migrated one instead; all that is in it goes.")
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep it here, and start what is there already.",
)
@click.option("--scale", type=click.FloatRange(0.000_1, 10), default=1, show_default=True)
@click.option("--only", type=click.Choice(list(_PARTS)), help="Make that part again.")
def main(*, database: str | None, home: Path | None, scale: float, only: str | None) -> None:
    """Make a database of 500 targets, a million jobs and ten million items, within minutes."""
    # Like Ctrl-C, so that the server is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if database:
        _fill(database, scale, only=only)
        return
    with _folder(home) as folder, _served(folder) as url:
        if only or not filling.is_filled(url):
            _fill(url, scale, only=only)
        click.echo(f"DATABASE_URL={url}\nIt runs until Ctrl-C.")
        signal.pause()


def _fill(url: str, scale: float, *, only: str | None) -> None:
    part = _PARTS[only] if only else filling.fill
    part(url, Amounts(scale), tell=_tell)


def _tell(what: str) -> None:
    click.echo(what, err=True)


@contextmanager
def _folder(home: Path | None) -> Iterator[Path]:
    if home:
        home.mkdir(parents=True, exist_ok=True)
        yield home.resolve()
        return
    with TemporaryDirectory(prefix="kumo-large-") as folder:
        # Where root may make no namespace, Postgres runs as nobody, who has to get in here.
        (path := Path(folder)).chmod(0o711)
        yield path


@contextmanager
def _served(home: Path) -> Iterator[str]:
    server = postgres.prepare(home, **_SETTINGS)
    log = server.folder / "log"
    with processes.running(server.command, log, folder=server.folder, stop=SIGINT):
        server.wait()
        with addressed(server.url):
            migrations.upgrade()
        yield server.url


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.large_database")
