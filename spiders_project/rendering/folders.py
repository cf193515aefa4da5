"""The folder of a browser: its profile, and whatever it puts down for a while.

Its name says whose it is, so that what a killed crawl has left is removed by the next; and whatever
runs in it is the browser.
"""

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil

_PREFIX = "kumo-browser-"


def made() -> Path:
    """A new one, for this process."""
    _remove_left()
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))


def remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def kill_users(folder: Path) -> None:
    """Kills the browser that has its profile there; the next page gets a new one."""
    with suppress(psutil.Error):
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                if any(str(folder) in word for word in process.cmdline()):
                    process.kill()


def _remove_left() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            remove(folder)
