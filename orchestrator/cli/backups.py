"""`kumo backup` and `kumo restore`: the database to a file and back."""

from pathlib import Path

import click

_file = click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)


@click.command()
@_file
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Save into this folder, to a file named after the moment.",
)
@click.option(
    "--keep", type=click.IntRange(min=1), default=7, show_default=True,
    help="With --to: how many such files stay.",
)  # fmt: skip
def backup(*, file: Path | None, folder: Path | None, keep: int) -> None:
    """Save everything that is in the database to FILE, as it is at this moment.

    Crawls and pages go on meanwhile. The file has passwords of alert channels in it: only its owner
    may read it. It is made by pg_dump, so pg_restore can read it too.
    """
    # Brings the database along.
    from orchestrator import backup as backups

    if (file is None) == (folder is None):
        raise click.UsageError("Name a FILE, or a folder by --to.")
    if folder:
        file = backups.save_into(folder, keep=keep)
    elif file:
        backups.save(file)
    assert file
    click.echo(f"Saved to {file} ({file.stat().st_size:,} bytes).")


@click.command()
@_file
@click.option("--replace", is_flag=True, help="Lose what is in the database now.")
@click.option("--force", is_flag=True, help="Do it although crawls are alive, which then end.")
@click.option(
    "--afterwards",
    is_flag=True,
    help="Without FILE: the database was restored by other means; do the rest.",
)
def restore(*, file: Path | None, replace: bool, force: bool, afterwards: bool) -> None:
    """Bring back what FILE holds into the database that DATABASE_URL names, which has to be empty.

    All or nothing; then its tables are brought up to this version. What Redis knows of pages to be
    fetched is forgotten, since it is of another time: interrupted jobs begin again at their start
    pages, and store nothing twice.
    """
    # Brings Celery along.
    from orchestrator import backup as backups

    if (file is None) != afterwards:
        raise click.UsageError("Name a FILE, or say --afterwards.")
    going_on = backups.restore(file, replace=replace, force=force) if file else backups.follow_up()
    begin = "1 job goes on" if going_on == 1 else f"{going_on} jobs go on"
    click.echo(f"Restored; {begin} from the start pages.")
