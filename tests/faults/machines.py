"""Machines of a test's own: each with a network card, a host name and process numbers of its own.

All of it is namespaces of the kernel. Those end with the processes in them, so nothing is left of a
machine whatever becomes of the test, and no address of it is seen outside.
"""

import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psutil

from tests.awaiting import until
from tests.pair import END_WITH_US
from tests.workers import ROOT

#: Where the servers are; machines and sites follow. The range is for private networks.
SERVERS = "10.77.0.1"
NETWORK = "10.77.0.0/16"

#: Dies with `unshare`, and everything on the machine with it.
_OF_ITS_OWN = ("unshare", "--net", "--uts", "--pid", "--fork", "--mount-proc", "--kill-child")
#: It waits for its network, then runs the command; as the first process it outlives it.
_BOOT = 'read _; hostname "$1"; shift; "$@"; exit $?'


def refused() -> str | None:
    """Why no machines can be made here; None where they can."""
    if shutil.which("ip") is None:
        return "`ip` is not installed: apt-get install iproute2"
    tried = subprocess.run([*_OF_ITS_OWN, "true"], capture_output=True, text=True, check=False)
    return f"namespaces are refused: {tried.stderr.strip()}" if tried.returncode else None


class Machine:
    """A machine on the bridge, and the worker it was started for."""

    def __init__(self, name: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.name, self.log = name, log
        self._process = process
        self._port = f"to-{name}"

    @property
    def worker(self) -> str:
        """The name of its worker."""
        return f"worker@{self.name}"

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def cut_off(self) -> None:
        """Its packets lead nowhere from now on; nobody is told, its connections stay open."""
        _ip(f"link set {self._port} nomaster")

    def reconnect(self) -> None:
        _ip(f"link set {self._port} master bridge")

    def kill(self) -> None:
        """All its processes at once, none of which can say goodbye."""
        self._first().kill()
        self._process.wait(timeout=10)

    def _first(self) -> psutil.Process:
        """Its first process, as this machine numbers it."""
        born = until(
            psutil.Process(self._process.pid).children, f"the first process of {self.name}"
        )
        return born[0]

    def boot(self, address: str) -> None:
        """Puts it on the bridge and lets it begin."""
        pid = self._first().pid
        _ip(
            f"link add {self._port} type veth peer name card netns {pid}",
            f"link set {self._port} master bridge up",
        )
        inside = ("nsenter", f"--net=/proc/{pid}/ns/net")
        _ip(f"address add {address}/16 dev card", "link set card up", "link set lo up",
            within=inside)  # fmt: skip
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()


def make_bridge(*addresses: str) -> None:
    """A network that machines can be put on; we are on it, by these addresses.

    Only for a process whose network is its own, and ends with it.
    """
    _ip(
        "link set lo up",
        # Of its own accord it would take the address of a port, and another when that one leaves.
        "link add bridge address 02:00:00:00:00:01 type bridge",
        "link set bridge up",
        *(f"address add {address}/16 dev bridge" for address in addresses),
    )


_numbers = count(2)


@contextmanager
def machine(
    name: str, command: Sequence[str], log: Path, environment: Mapping[str, str]
) -> Iterator[Machine]:
    """A machine that runs the command."""
    with (
        log.open("wb") as file,
        subprocess.Popen(
            [*END_WITH_US, *_OF_ITS_OWN, "sh", "-c", _BOOT, "sh", name, *command],
            stdin=subprocess.PIPE, stdout=file, stderr=file, cwd=ROOT, env=dict(environment),
        ) as process,
    ):  # fmt: skip
        try:
            made = Machine(name, process, log)
            made.boot(f"10.77.0.{next(_numbers)}")
            yield made
        finally:
            process.send_signal(signal.SIGKILL)


def _ip(*orders: str, within: Sequence[str] = ()) -> None:
    subprocess.run(
        [*within, "ip", "-batch", "-"], input="\n".join(orders), text=True, check=True,
        capture_output=True,
    )  # fmt: skip
