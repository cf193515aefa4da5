from collections import namedtuple
from pathlib import Path

import psutil
import pytest

from orchestrator.chaos import installation
from orchestrator.exceptions import EmbeddedFailed

Memory = namedtuple("Memory", "available")
Disk = namedtuple("Disk", "free")


def test_its_folder_can_be_entered_by_who_runs_postgres() -> None:
    folder = installation.new_folder()
    try:
        assert folder.stat().st_mode & 0o777 == 0o711
    finally:
        folder.rmdir()


def test_too_little_memory_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: Memory(100 * 2**20))
    with pytest.raises(EmbeddedFailed, match=r"100 MB of memory are free.* needs 700: end some"):
        installation.new_folder()


def test_too_little_disk_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(installation.shutil, "disk_usage", lambda _: Disk(100 * 2**20))
    with pytest.raises(EmbeddedFailed, match=r"100 MB are free in .*: set TMPDIR"):
        installation.new_folder()
    assert not list(tmp_path.iterdir())
