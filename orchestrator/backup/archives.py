"""A file of pg_dump: whether it holds a Kumo, and of which version its tables are."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from orchestrator import migrations
from orchestrator.backup.programs import Programs, complaint
from orchestrator.exceptions import BackupFailed

#: Only what is ours: no roles, which another server may not have, and no extension of a provider's.
_OURS = ("--no-owner", "--no-acl", "--no-comments", "--schema=public", "--file=-")
#: What newer programs set first, and older servers do not know. Only looked for before the tables.
_UNKNOWN_TO_OLDER = b"SET transaction_timeout"
_HEAD_LINES = 40


def check(file: Path, tools: Programs) -> None:
    """Raises BackupFailed unless this version of Kumo can bring the file back."""
    if not file.exists():
        raise BackupFailed(f"There is no file {file}.")
    said = tools.run(
        "pg_restore", "--data-only", "--schema=public", "--table=alembic_version", "--file=-", file
    )
    revision = re.search(r"^COPY public\.alembic_version .*\n(\w+)\n", said, re.MULTILINE)
    if revision is None:
        raise BackupFailed(f"{file} holds no database of Kumo.")
    if not migrations.knows(revision[1]):
        raise BackupFailed(
            f"{file} was saved by a newer Kumo (its tables are {revision[1]}): install that "
            "version, or a later one, and restore with it."
        )


@contextmanager
def statements(file: Path, tools: Programs) -> Iterator[IO[bytes]]:
    """What makes tables and rows of the file, as psql reads it. Raises BackupFailed at the end."""
    with tools.start("pg_restore", *_OURS, file, stdout=-1, stderr=-1) as reading:
        assert reading.stdout
        assert reading.stderr
        yield reading.stdout
        said = reading.stderr.read()
    if reading.returncode != 0:
        raise BackupFailed(f"{file} cannot be read to its end: {complaint(said)}.")


def copy(source: IO[bytes], into: IO[bytes]) -> None:
    """Copies statements, without what an older server does not know."""
    for _ in range(_HEAD_LINES):
        line = source.readline()
        if not line.startswith(_UNKNOWN_TO_OLDER):
            into.write(line)
    while part := source.read(2**20):
        into.write(part)
