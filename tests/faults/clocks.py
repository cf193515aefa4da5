"""Processes whose clock is wrong, by libfaketime; what they measure durations with stays right.

A Python process with such a clock can do anything but `time.sleep`, which libfaketime refuses; a
worker needs it only while Postgres is away.
"""

import shutil
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

_LIBRARIES = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1")


@cache
def _library() -> str | None:
    root = Path("/")
    found = (path for pattern in _LIBRARIES for path in root.glob(pattern.lstrip("/")))
    return str(next(found, "")) or None if shutil.which("faketime") else None


def off_by(offset: str) -> dict[str, str]:
    """The environment of a process whose clock goes so much wrong: "+2h", "-2h"."""
    library = _library()
    if library is None:
        pytest.skip("libfaketime is not installed: apt-get install faketime")
    return {"LD_PRELOAD": library, "FAKETIME": offset, "DONT_FAKE_MONOTONIC": "1"}


class Clock:
    """A clock that runs as ever, from wherever it is set; for processes with its environment."""

    def __init__(self, file: Path, moment: str) -> None:
        self._file = file
        self.set(moment)
        self.environment = off_by("+0") | {
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_CACHE_DURATION": "1",
        }
        del self.environment["FAKETIME"]

    def set(self, moment: str) -> None:
        """It is that moment now; the others notice within a second."""
        ahead = datetime.fromisoformat(moment) - datetime.now(UTC)
        new = self._file.with_suffix(".new")
        new.write_text(f"{ahead.total_seconds():+.0f}\n")
        new.chmod(0o644)
        new.replace(self._file)
