"""A whole `kumo up` for the tests: a real process, with a home and ports of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import psutil

from orchestrator.embedded import home, kept, processes

Fact = TypeVar("Fact")

#: How a part is told by its command line; each is a child of the supervisor.
PARTS = {
    "postgres": "/bin/postgres -D",
    "valkey": "valkey-server",
    "demo": "-m demo",
    "worker-crawls": "-Q crawls",
    "worker-control": "-Q control",
    "beat": "orchestrator beat",
    "dashboard": "dashboard.wsgi:app",
    "scrapyd": "dashboard.scrapyd.wsgi:app",
}
SUPERVISOR = "orchestrator.embedded.supervisord"


def awaited(fact: Callable[[], Fact | None], seconds: float = 60) -> Fact:
    """The first true value of a fact; AssertionError when it never is."""
    deadline = time.monotonic() + seconds
    while not (value := fact()):
        assert time.monotonic() < deadline, f"{fact} was not true within {seconds} s"
        time.sleep(0.05)
    return value


def get(url: str) -> int | None:
    """The status of the answer, None when there is none."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=5)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()


class Installation:
    """`kumo up` in a home."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.environment = {
            "KUMO_HOME": str(folder),
            "PORT": str(kept.free_port()),
            "KUMO_SCRAPYD_PORT": str(kept.free_port()),
            "KUMO_DEMO_PORT": "0",
            # A worker less to start.
            "KUMO_CHROMIUM": "none",
            # As where nobody has said anything.
            "KUMO_ALLOW_NETWORKS": "",
        } | environment
        folder.parent.mkdir(parents=True, exist_ok=True)
        self.output = folder.with_name(folder.name + ".out")
        self.said_first = ""
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Installation":
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [Path(sys.executable).with_name("kumo"), "up"],
                env=os.environ | self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        return self

    def ready(self) -> "Installation":
        awaited(lambda: "Kumo is ready" in self.said() or self.ended())
        assert "Kumo is ready" in self.said(), self.said()
        return self

    def ended(self) -> bool:
        assert self.process is not None
        return self.process.poll() is not None

    def said(self) -> str:
        return self.output.read_text()

    def recorded(self) -> dict[str, Any]:
        return home.running(self.folder)

    def everything(self) -> list[psutil.Process]:
        """Every process of this installation, but `kumo up` itself."""
        return processes.left_behind(self.folder)

    def part(self, name: str) -> psutil.Process | None:
        """The living process of a program, or of the supervisor."""
        sign = PARTS.get(name, SUPERVISOR)
        found = [each for each in self.everything() if sign in _command(each)]
        # gunicorn and Postgres have children that look like them.
        return next((each for each in found if SUPERVISOR in _parent(each, sign)), None)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(40)


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _parent(process: psutil.Process, sign: str) -> str:
    if sign == SUPERVISOR:
        return sign
    try:
        parent = process.parent()
    except psutil.Error:
        return ""
    return _command(parent) if parent else ""
