"""The processes of a run: started in sessions of their own, waited for, measured and ended.

A Ctrl-C in the terminal reaches the benchmark alone, which then ends them in the right order.
"""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from benchmarks.failure import BenchmarkFailed

PROJECT = Path(__file__).parents[1]

#: A benchmark that is killed takes its processes with it.
_END_WITH_US = ("setpriv", "--pdeathsig", "KILL")


@contextmanager
def running(
    command: Sequence[str],
    log: Path,
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path = PROJECT,
    stop: signal.Signals = signal.SIGTERM,
) -> Iterator[psutil.Process]:
    """The process of a command while the context lasts; what it says goes to the log."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*_END_WITH_US, *command],
            stdout=output,
            stderr=output,
            cwd=folder,
            env=os.environ | dict(environment or {}),
            start_new_session=True,
        )
    try:
        yield psutil.Process(process.pid)
    finally:
        _end(process, stop)


def stop(*roots: psutil.Process, seconds: float = 20) -> None:
    """Ends several at once, with all that they have started."""
    family = [each for root in roots for each in root.children(recursive=True)]
    for each in roots:
        each.terminate()
    psutil.wait_procs(roots, timeout=seconds)
    for each in family:
        with suppress(psutil.NoSuchProcess):
            each.kill()


def said(log: Path, pattern: str, *, seconds: float = 60) -> str:
    """The first match of a pattern in what a process says."""
    deadline = time.monotonic() + seconds
    while not (found := re.search(pattern, log.read_text(errors="replace"))):
        if time.monotonic() > deadline:
            tail = log.read_text(errors="replace")[-2_000:]
            raise BenchmarkFailed(f"{log.stem} never said {pattern!r}, but:\n{tail}")
        time.sleep(0.02)
    return found[0]


def cpu_seconds(*roots: psutil.Process) -> float:
    """What these processes and all their descendants, ended ones too, have used until now.

    Exact when none of them has children that are yet to be waited for.
    """
    family = {each for root in roots for each in (root, *root.children(recursive=True))}
    return sum(_cpu(each) for each in family)


def share_mb(*roots: psutil.Process) -> float:
    """The proportional set size of these processes and all their descendants.

    What several share counts in parts, so that together it is there once.
    """
    family = {each for root in roots for each in (root, *root.children(recursive=True))}
    return sum(_share(each) for each in family) / 2**20


def _share(process: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess):
        return float(process.memory_full_info().pss)
    return 0.0


def _cpu(process: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(times.user + times.system + times.children_user + times.children_system)
    return 0.0


def _end(process: "subprocess.Popen[bytes]", stop: signal.Signals) -> None:
    with suppress(psutil.NoSuchProcess):
        family = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(stop)
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        for each in family:
            with suppress(psutil.NoSuchProcess):
                each.kill()
    process.kill()
    process.wait()
