"""An earlier version of Kumo, taken from this repository's history, to be upgraded from."""

import io
import json
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

#: The earliest version from which an upgrade is promised to lose no job; its last migration.
EARLIEST, ITS_TABLES = "016ffc28aca80f8c5edda0680e21394725af2cad", "0003"

#: What its dashboard is called.
ITS_DASHBOARD = "dashboard:create_app()"
_PACKAGES = ("orchestrator", "spiders_project", "dashboard", "scrapy.cfg")
#: Not by the installed command, whose modules are those of this version; and in one process, since
#: each would take a second to begin.
_KUMO = """
import json, sys
from orchestrator.cli import kumo
for arguments in json.load(sys.stdin):
    kumo(arguments, standalone_mode=False)
"""


@dataclass(frozen=True)
class EarlierVersion:
    """Its files, and the commands that run them."""

    root: Path

    def kumo(self, *commands: list[str]) -> str:
        """What `kumo` commands of that version say."""
        return _kumo(commands, self.root)


def unpacked(folder: Path) -> EarlierVersion:
    """The earliest version, in that folder; skips a test where there is no history to take it from.

    Never where there is one: then a commit that is not found is a fault.
    """
    if not _has_history():
        pytest.skip("this is no clone of Kumo with its history (git fetch --unshallow)")
    packed = subprocess.run(
        ["git", "archive", EARLIEST, *_PACKAGES], cwd=ROOT, check=True, capture_output=True
    )
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as files:
        files.extractall(folder, filter="data")
    return EarlierVersion(folder)


def kumo(*commands: list[str]) -> str:
    """What `kumo` commands of this version say."""
    return _kumo(commands, ROOT)


def _kumo(commands: tuple[list[str], ...], root: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _KUMO],
        input=json.dumps(commands),
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _has_history() -> bool:
    asked = subprocess.run(
        ["git", "rev-parse", "--is-shallow-repository"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.returncode == 0 and asked.stdout.strip() == "false"
