"""Processes that must not outlive Kumo: how they are tied to us, found and ended.

`kumo up` adopts every descendant that loses its parent, so whatever is killed, what it leaves
behind is still a descendant of ours and can be ended by walking down the tree.
"""

import ctypes
import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil

#: An environment variable that names the home a process was started for.
MARK = "KUMO_STARTED_FOR"

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_DATABASES = {"postgres", "valkey-server"}


def adopt_orphans() -> None:
    """From now on descendants whose parent dies become our children."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def end_with_parent() -> None:
    """From now on we get SIGTERM when our parent dies, however it dies."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value) != 0:
        raise OSError(ctypes.get_errno(), "prctl failed")


def descendants() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def left_behind(home: Path) -> list[psutil.Process]:
    """What an earlier `kumo up` of this home left running, when its supervisor was killed too."""
    return [each for each in psutil.process_iter() if _belongs(each, home)]


def _belongs(process: psutil.Process, home: Path) -> bool:
    with suppress(psutil.Error):
        if process.environ().get(MARK) == str(home):
            return True
        # A Postgres backend writes its title over its environment.
        folder = Path(process.cwd())
        return process.name() in _DATABASES and folder.is_relative_to(home)
    return False


def reap(spared: int) -> None:
    """Takes note of adopted children that ended; `spared` has somebody else waiting for it."""
    with suppress(ChildProcessError):
        while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is not None:
            if ended.si_pid == spared:
                return
            os.waitpid(ended.si_pid, 0)


def end(processes: Iterable[psutil.Process], *, seconds: float) -> None:
    """Ends processes, the databases last: politely, then by SIGKILL when `seconds` are over."""
    databases: list[psutil.Process] = []
    others: list[psutil.Process] = []
    for each in processes:
        with suppress(psutil.NoSuchProcess):
            (databases if each.name() in _DATABASES else others).append(each)
    _end(others, signal.SIGTERM, seconds)
    _end(databases, signal.SIGINT, seconds)


def _end(processes: list[psutil.Process], how: signal.Signals, seconds: float) -> None:
    for each in processes:
        _signal(each, how)
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    kill(alive)


def kill(processes: Iterable[psutil.Process]) -> None:
    """Ends processes at once, and returns when they are gone."""
    processes = list(processes)
    for each in processes:
        _signal(each, signal.SIGKILL)
    psutil.wait_procs(processes, timeout=5)


def _signal(process: psutil.Process, how: signal.Signals) -> None:
    with suppress(psutil.Error):
        process.send_signal(how)
