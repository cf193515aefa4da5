"""The installation that the storm rages in: a `kumo up` like people's, in a home of its own.

It is started as a process by the same command that people type, so what is killed in it is started
again by what keeps people's installations alive.
"""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from orchestrator import config, database
from orchestrator.chaos.children import Child
from orchestrator.chaos.interruption import Interruption
from orchestrator.embedded import kept, processes
from orchestrator.exceptions import EmbeddedFailed

_KUMO = ("-c", "from orchestrator.cli import kumo; kumo(prog_name='kumo')")
_START_SECONDS, _STOP_SECONDS = 180, 40
#: Below this the kernel would join the storm.
_LEAST_MEMORY_MB, _LEAST_DISK_MB = 700, 1_000


class Installation:
    """A running `kumo up`, and the home it runs in."""

    def __init__(self, home: Path, child: Child) -> None:
        self.home = home
        self._child = child
        self.process = psutil.Process(child.pid)

    def check(self) -> None:
        """Raises EmbeddedFailed when `kumo up`, which is never a victim, has ended."""
        if self._child.has_ended:
            raise EmbeddedFailed(self._child.last_words())


def new_folder() -> Path:
    """A temporary folder for an installation. Raises EmbeddedFailed where there is no room."""
    memory = psutil.virtual_memory().available // 2**20
    if memory < _LEAST_MEMORY_MB:
        raise EmbeddedFailed(
            f"{memory:,} MB of memory are free, and an installation with two crawls needs "
            f"{_LEAST_MEMORY_MB}: end something else first."
        )
    disk = shutil.disk_usage(tempfile.gettempdir()).free // 2**20
    if disk < _LEAST_DISK_MB:
        raise EmbeddedFailed(
            f"{disk:,} MB are free in {tempfile.gettempdir()}, where {_LEAST_DISK_MB:,} are "
            "needed: set TMPDIR to a folder on a larger disk."
        )
    folder = Path(tempfile.mkdtemp(prefix="kumo-chaos-"))
    # Where root may make no namespace, Postgres runs as nobody, who has to get in here.
    folder.chmod(0o711)
    return folder


@contextmanager
def started(folder: Path, interruption: Interruption) -> Iterator[Installation]:
    """An installation in the folder, which this process belongs to as well; all of it ends after.

    The databases that DATABASE_URL and REDIS_URL name are left alone.
    """
    home = (folder / "home").resolve()
    config.move_to(
        home,
        PORT=str(kept.free_port()),
        KUMO_HOST=kept.LOOPBACK,
        KUMO_DEMO_PORT="0",
        # Nothing that it crawls needs a browser.
        KUMO_CHROMIUM="none",
        # Workers that are killed leave their temporary folders behind.
        TMPDIR=str(folder),
    )
    child = Child("`kumo up`", (sys.executable, *_KUMO, "up"), folder / "up.log")
    hurried = True
    try:
        child.said(r"(Kumo is ready)", interruption, seconds=_START_SECONDS)
        config.get.cache_clear()  # the addresses of the servers are known now
        yield Installation(home, child)
        hurried = False
    finally:
        if database.engine.cache_info().currsize:
            database.engine().dispose()
        _stop(child, home, hurried=hurried)


def _stop(child: Child, home: Path, *, hurried: bool) -> None:
    child.terminate()
    if hurried and not child.wait(1):
        child.terminate()  # the second request kills instead of waiting for crawls
    if not child.wait(_STOP_SECONDS):
        child.kill()
    processes.kill(processes.left_behind(home))
