import multiprocessing
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from orchestrator.embedded import kept

NOBODY = 65534


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose path holds what paths may hold, and is longer than a socket's may be."""
    return tmp_path / "a folder of 100% 蜘蛛" / ("deep" * 20) / ("deeper" * 10) / "home"


@pytest.fixture
def open_home() -> Iterator[Path]:
    """A home in a place that everybody may enter."""
    with TemporaryDirectory(prefix="kumo-") as name:
        Path(name).chmod(0o711)
        yield kept.folder(Path(name) / "home")


@pytest.fixture
def root() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")


@pytest.fixture
def no_namespaces(root: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that refuses user namespaces, as most containers do."""
    refusing = tmp_path / "bin" / "unshare"
    refusing.parent.mkdir()
    refusing.write_text("#!/bin/sh\necho unshare failed: Operation not permitted >&2\nexit 1\n")
    refusing.chmod(0o755)
    monkeypatch.setenv("PATH", f"{refusing.parent}:{os.environ['PATH']}")


@pytest.fixture
def as_nobody(root: None) -> Callable[[Callable[[], None]], None]:
    """Runs a function in a child that has given root up; the child's failure is the test's."""

    def run(function: Callable[[], None]) -> None:
        child = multiprocessing.get_context("fork").Process(target=_become_nobody, args=[function])
        child.start()
        child.join()
        assert child.exitcode == 0

    return run


def _become_nobody(function: Callable[[], None]) -> None:
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    function()
