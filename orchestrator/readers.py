"""Starts and supervises a process that reads pages of strangers, by module name.

Selectors of people and pages of strangers are read over there, never in a worker: what takes too
long or too much memory is killed. The process writes its answers itself; whoever asked for it only
learns what became of one that could not.
"""

import multiprocessing
import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from time import monotonic
from typing import Any

import psutil

from orchestrator import config, forked, launcher

_WATCH_SECONDS = 0.1
TOO_LONG = "too_long"


@dataclass(frozen=True, slots=True)
class Reader:
    """A process to be: what to import, what its `main` is told, how long it may take."""

    module: str
    arguments: tuple[Any, ...]
    seconds: float
    name: str


def run(reader: Reader) -> str | None:
    """A word for what went wrong, unless the process has said everything itself."""
    launcher.prepare()
    # The context that the launcher prepared: there is one in a process.
    context = multiprocessing.get_context("forkserver")
    process = context.Process(
        target=forked.begin, args=(reader.module, reader.arguments), name=reader.name
    )
    try:
        process.start()
    except (OSError, EOFError):
        return "broken"
    try:
        return _watched(process, reader.seconds)
    finally:
        process.close()


def _watched(process: BaseProcess, seconds: float) -> str | None:
    verdict, deadline = None, monotonic() + seconds
    while process.exitcode is None:
        if verdict is None:
            verdict = TOO_LONG if monotonic() > deadline else _verdict(process)
            if verdict:
                process.kill()
        process.join(_WATCH_SECONDS)
    _end_company(process.pid)
    return verdict or ("broken" if process.exitcode else None)


def _verdict(process: BaseProcess) -> str | None:
    if launcher.stopping.is_set():
        return "stopped"
    most_bytes = config.get().job_memory_mb * 1024 * 1024
    return "too_much_memory" if _memory(process.pid) > most_bytes else None


def _memory(pid: int | None) -> int:
    with suppress(psutil.Error):
        return int(psutil.Process(pid).memory_info().rss)
    return 0


def _end_company(pid: int | None) -> None:
    """What it started and left."""
    if pid is not None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
