"""Whom the storm may hit: the processes of an installation, told apart from outside.

Never `kumo up` itself, which starts everything again, nor the sites that are crawled.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

import psutil


class Kind(StrEnum):
    """What a process is to the installation."""

    CRAWLER = "crawler"  #: Serves one job.
    FORKSERVER = "forkserver"  #: The parent of crawlers.
    WORKER_CRAWLS = "worker-crawls"  #: The parent of the forkserver.
    WORKER_CONTROL = "worker-control"
    BEAT = "beat"
    DASHBOARD = "dashboard"
    SUPERVISOR = "supervisor"  #: Starts again whoever was killed; it takes everything with it.
    POSTGRES = "postgres"
    VALKEY = "valkey"


SERVERS = frozenset({Kind.POSTGRES, Kind.VALKEY})

_SUPERVISOR = "orchestrator.embedded.supervisord"
_FORKSERVER = "multiprocessing.forkserver"
#: How a program is told by its command line; each is a child of the supervisor.
_PROGRAMS = {
    "-Q crawls": Kind.WORKER_CRAWLS,
    "-Q control": Kind.WORKER_CONTROL,
    "orchestrator beat": Kind.BEAT,
    "-m gunicorn": Kind.DASHBOARD,
    "/bin/postgres -D": Kind.POSTGRES,
    "valkey-server": Kind.VALKEY,
}


@dataclass(frozen=True)
class Living:
    """The processes that live at one moment, by kind."""

    kinds: dict[Kind, list[psutil.Process]] = field(default_factory=dict)

    def of(self, kind: Kind) -> list[psutil.Process]:
        """In the order of their pids."""
        return sorted(self.kinds.get(kind, []), key=lambda process: process.pid)

    def crawlers_below(self, victim: psutil.Process, kind: Kind) -> set[int]:
        """The pids of crawlers that cannot go on when that process is gone."""
        if kind is Kind.CRAWLER:
            return {victim.pid}
        if kind in (Kind.FORKSERVER, Kind.WORKER_CRAWLS, Kind.SUPERVISOR):
            return {crawler.pid for crawler in self.of(Kind.CRAWLER)}
        return set()


def living(up: psutil.Process) -> Living:
    """Who lives below that `kumo up`."""
    found = Living()
    for supervisor in _children(up, _SUPERVISOR):
        found.kinds.setdefault(Kind.SUPERVISOR, []).append(supervisor)
        for program in _children(supervisor):
            _add_program(found, program)
    return found


def kill(victim: psutil.Process) -> bool:
    """Kills a process; False when it was gone already."""
    try:
        victim.kill()
    except psutil.NoSuchProcess:
        return False
    return True


def crawler(pid: int) -> psutil.Process | None:
    """The crawler process of that pid; None when it is gone and the pid is somebody else's."""
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        # A crawler keeps the command line of the forkserver that it was forked from.
        return process if _FORKSERVER in _command(process) else None
    return None


def is_alive(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def _add_program(found: Living, program: psutil.Process) -> None:
    command = _command(program)
    kind = next((kind for sign, kind in _PROGRAMS.items() if sign in command), None)
    if kind is None:
        return
    found.kinds.setdefault(kind, []).append(program)
    if kind is Kind.DASHBOARD:
        found.kinds[kind] += _children(program)
    if kind is Kind.WORKER_CRAWLS:
        forkservers = _children(program, _FORKSERVER)
        found.kinds.setdefault(Kind.FORKSERVER, []).extend(forkservers)
        crawlers = [child for forkserver in forkservers for child in _children(forkserver)]
        found.kinds.setdefault(Kind.CRAWLER, []).extend(crawlers)


def _children(process: psutil.Process, sign: str = "") -> list[psutil.Process]:
    with suppress(psutil.Error):
        return [each for each in process.children() if is_alive(each) and sign in _command(each)]
    return []


def _command(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""
