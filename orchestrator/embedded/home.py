"""The home of an installation: one `kumo up` at a time, and what it wrote down about itself."""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import psutil

from orchestrator import config
from orchestrator.embedded import kept
from orchestrator.exceptions import EmbeddedFailed


@contextmanager
def locked(home: Path, say: Callable[[str], None]) -> Iterator[int]:
    """Holds the home for us alone, and gives the open lock for the supervisor to hold as well.

    Raises EmbeddedFailed when another `kumo up` has it. When one was killed, waits until what it
    had started is stopped.
    """
    kept.folder(home)
    with _lock_file(home) as file:
        if not _take(file):
            _refuse_while_alive(file, home)
            say("The last `kumo up` was killed; waiting until all of it has stopped.")
            _await(file, home)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        forget_running(home)
        yield file.fileno()


def record_running(home: Path, **facts: str) -> None:
    """Writes down the addresses, for `config` to find in other processes and in this one."""
    facts_and_pid = facts | {"pid": os.getpid()}
    kept.private(home / config.RUNNING_FILE, json.dumps(facts_and_pid, indent=2) + "\n")
    config.get.cache_clear()


def forget_running(home: Path) -> None:
    """Nothing runs: what is configured counts again, and nothing else."""
    (home / config.RUNNING_FILE).unlink(missing_ok=True)
    config.get.cache_clear()


def running(home: Path) -> dict[str, Any]:
    """What the running `kumo up` wrote down; empty when there is none."""
    with suppress(OSError, ValueError):
        return dict(json.loads((home / config.RUNNING_FILE).read_text()))
    return {}


def _lock_file(home: Path) -> IO[str]:
    try:
        return (home / "lock").open("a+")
    except OSError as error:
        raise EmbeddedFailed(
            f"{home} cannot be written to ({error.strerror}): set KUMO_HOME to a folder that can."
        ) from error


def _take(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _refuse_while_alive(file: IO[str], home: Path) -> None:
    file.seek(0)
    holder = int(file.read().strip() or 0)
    if holder and psutil.pid_exists(holder):
        address = running(home).get("dashboard_url", "its dashboard is just starting")
        raise EmbeddedFailed(
            f"Kumo already runs in {home}: {address} (process {holder}). "
            "For a second one set KUMO_HOME and PORT."
        )


def _await(file: IO[str], home: Path, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not _take(file):
        if time.monotonic() > deadline:
            raise EmbeddedFailed(f"Something still holds {home / 'lock'}: end it and try again.")
        time.sleep(0.1)
