"""Saving: under another name until the file is whole and has been read through once."""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from orchestrator.backup import programs
from orchestrator.backup.programs import Programs
from orchestrator.exceptions import BackupFailed

#: A migration has a table for seconds; who has one for longer would hold the backup up for ever.
_LOCK_MILLISECONDS = 60_000
_NAME = re.compile(r"kumo-\d{8}T\d{6}Z\.dump")


def save(file: Path) -> int:
    """Saves the database as it is at this moment; how many bytes. Raises BackupFailed.

    A file of that name is replaced when the new one is whole. Only its owner may read it.
    """
    tools = Programs.chosen()
    options, environment = programs.connected()
    with _part_of(file) as (part, lock):
        # The lock is its own too: should we be killed, nobody else begins while it writes.
        tools.run(
            *("pg_dump", "--format=custom", f"--file={part}", *options),
            f"--lock-wait-timeout={_LOCK_MILLISECONDS}",
            env=environment,
            pass_fds=[lock],
        )
        # Its list of contents stands at the beginning: only to read it all shows that it is whole.
        tools.run("pg_restore", f"--file={os.devnull}", part)
        part.replace(file)
    return file.stat().st_size


def save_into(folder: Path, *, keep: int) -> Path:
    """Saves to a file named after the moment, then removes all but the newest. Raises BackupFailed.

    Files of other names are left alone.
    """
    file = folder / f"kumo-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.dump"
    save(file)
    saved = sorted(each for each in folder.iterdir() if _NAME.fullmatch(each.name))
    for old in saved[:-keep]:
        old.unlink(missing_ok=True)
    return file


@contextmanager
def _part_of(file: Path) -> Iterator[tuple[Path, int]]:
    """Where a file is written until it is whole, and the lock on that; gone afterwards."""
    part = file.with_name(f"{file.name}.part")
    try:
        lock = os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise BackupFailed(f"{part} cannot be written: {error.strerror}.") from error
    try:
        _take(lock, part)
        try:
            yield part, lock
        finally:
            part.unlink(missing_ok=True)
    finally:
        os.close(lock)


def _take(lock: int, part: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Whoever had it may have finished since: then its name leads to another file, or to none.
        is_ours = part.exists() and os.path.samestat(os.fstat(lock), part.stat())
    except BlockingIOError:
        is_ours = False
    if not is_ours:
        raise BackupFailed(f"Another backup is being written to {part}: wait for its end.")
    os.fchmod(lock, 0o600)
