"""One psql that is told statement after statement, and what it complains about.

Its complaints go to a file: who wrote statements and read complaints by pipes would have to do both
at once. Without a COMMIT nothing that it was told has happened.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import DEVNULL, PIPE, Popen
from time import sleep
from typing import IO

from orchestrator.backup import programs
from orchestrator.backup.programs import Programs, complaint
from orchestrator.exceptions import BackupFailed

_LOOK_SECONDS = 0.02
_MOST_BYTES = 100_000
_BEGIN = rb"""
\set ON_ERROR_STOP 1
SET client_min_messages = error;
SET idle_in_transaction_session_timeout = 0;
BEGIN;
"""


class Script:
    """A transaction in a psql."""

    def __init__(self, process: "Popen[bytes]", complaints: IO[bytes]) -> None:
        assert process.stdin
        self._process, self._complaints = process, complaints
        self.into: IO[bytes] = process.stdin

    def say(self, statements: str) -> None:
        self.into.write(statements.encode() + b"\n")
        self.into.flush()

    def reach(self, place: str) -> None:
        """Returns when all that was said is done. Raises BrokenPipeError when it failed."""
        self.say(f"\\warn {place}")
        while place not in self.complaints().decode(errors="replace"):
            if self._process.poll() is not None:
                raise BrokenPipeError
            sleep(_LOOK_SECONDS)

    def complaints(self) -> bytes:
        # Both have one place in the file: a read that moved it would move psql's too.
        return os.pread(self._complaints.fileno(), _MOST_BYTES, 0)


@contextmanager
def transaction(tools: Programs) -> Iterator[Script]:
    """Committed at the end, unless something raises. Raises BackupFailed with psql's complaint."""
    options, environment = programs.connected()
    with (
        tempfile.TemporaryFile() as complaints,
        tools.start(
            *("psql", "--no-psqlrc", "--quiet", *options),
            env=environment,
            stdin=PIPE,
            stdout=DEVNULL,
            stderr=complaints,
        ) as process,
    ):
        script = Script(process, complaints)
        try:
            script.into.write(_BEGIN)
            yield script
            script.say("COMMIT;")
            script.into.close()
        except BrokenPipeError:
            pass  # it has ended, and said why
        except BaseException:
            process.kill()
            raise
        if process.wait() != 0:
            raise BackupFailed(f"Postgres refused: {complaint(script.complaints())}.")
