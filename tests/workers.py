"""Celery workers as people start them: real processes, with patience as short as a test's."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psutil

from tests.awaiting import until
from tests.pair import END_WITH_US

ROOT = Path(__file__).parents[1]
CELERY = [sys.executable, "-m", "celery", "-q", "-A", "orchestrator"]

QUICK = {
    "KUMO_LEASE_SECONDS": "10",
    "KUMO_SWEEP_SECONDS": "0.5",
    "KUMO_RETRY_SECONDS": "0.2",
    "KUMO_RING_AGAIN_SECONDS": "1",
    "KUMO_CHECKPOINT_SECONDS": "0.2",
    "KUMO_STOP_SECONDS": "3",
}

#: Where no lease is to run out: a machine that is busy with other tests is slow to begin a crawl.
UNHURRIED = {"KUMO_LEASE_SECONDS": "30"}


class Worker:
    """A running worker, its forkserver and its crawlers."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.process = process
        self.log = log

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def forkserver(self) -> psutil.Process:
        children = psutil.Process(self.process.pid).children()
        return next(child for child in children if "forkserver" in " ".join(child.cmdline()))

    def crawlers(self) -> list[psutil.Process]:
        return self.forkserver().children()

    def crawler(self) -> psutil.Process:
        """The one crawler it has, as soon as it has one."""
        return until(self.crawlers, "a crawler process")[0]

    def stop(self) -> int:
        """Tells it to stop, as a deployment does; its exit status once it is gone."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def working(
    *options: str, logs: Path | None = None, root: Path = ROOT, **environment: str
) -> Iterator[Worker]:
    """`celery worker` with these options, ready to serve; its log is kept only in `logs`.

    It is that of the version of Kumo in `root`.
    """
    environment = os.environ | QUICK | environment
    name = ("-n", f"{uuid4().hex[:8]}@%h")
    with TemporaryDirectory(prefix="kumo-worker-") as folder:
        log = logs / f"worker-{uuid4().hex[:8]}.log" if logs else Path(folder) / "log"
        with (
            log.open("wb") as file,
            subprocess.Popen(
                [*END_WITH_US, *CELERY, "worker", "-l", "info", *name, *options],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                cwd=root,
                env=environment,
            ) as process,
        ):
            worker = Worker(process, log)
            try:
                until(lambda: " ready." in _living(worker), "a worker that is ready")
                yield worker
            finally:
                process.kill()


@contextmanager
def beating(**environment: str) -> Iterator[None]:
    """`celery beat`, in the midst of its work."""
    with subprocess.Popen(
        [*END_WITH_US, *CELERY, "beat"],
        cwd=ROOT,
        env=os.environ | QUICK | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield
        finally:
            process.kill()


def _living(worker: Worker) -> str:
    assert worker.process.poll() is None, worker.said()
    return worker.said()
