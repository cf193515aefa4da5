"""How many times a second does the dashboard give the list of jobs, on one core?

It is served as docker-compose.yml serves it, on the first core alone; whoever asks is on the last.
Postgres is where the system puts it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from benchmarks import filled, kumo, ports, processes
from benchmarks.failure import BenchmarkFailed
from benchmarks.installation import Installation
from benchmarks.large_database import filling
from benchmarks.question import Contender, Measure, Question, Reach, Sample
from orchestrator.embedded import programs

#: Of the promised size; `--database` names the whole.
SCALE = 0.01
SECONDS, SECONDS_QUICK = 5.0, 0.2


@contextmanager
def prepare(installation: Installation, quick: bool) -> Iterator[dict[str, Contender]]:
    url = filled.database(installation, SCALE, quick=quick)
    filling.wake(url)
    seconds = SECONDS_QUICK if quick else SECONDS
    with _dashboard(installation, url) as (dashboard, address):

        def read(path: str) -> Sample:
            cpu_began = processes.cpu_seconds(dashboard)
            read = _read(address, path, seconds)
            cpu = processes.cpu_seconds(dashboard) - cpu_began
            return read | {"CPU": cpu * 1_000 / (read["answers"] * seconds)}

        yield {
            kumo.NAME: lambda: read("/jobs"),
            "the least that a page can be": lambda: read("/healthz"),
        }


@contextmanager
def _dashboard(installation: Installation, url: str) -> Iterator[tuple[psutil.Process, str]]:
    port = ports.free()
    command = programs.gunicorn("dashboard.wsgi:app", "127.0.0.1", port)
    pinned = ("taskset", "--cpu-list", str(_cores()[0]), *command)
    with installation.started("dashboard", pinned, {"DATABASE_URL": url}) as dashboard:
        processes.said(installation.home / "dashboard.log", r"Booting worker")
        yield dashboard, f"http://127.0.0.1:{port}"


def _read(address: str, path: str, seconds: float) -> dict[str, float]:
    reader = (sys.executable, "-m", "benchmarks.page_reader", address, path)
    done = subprocess.run(
        ["taskset", "--cpu-list", str(_cores()[-1]), *reader, "--seconds", str(seconds)],
        capture_output=True,
        text=True,
        check=False,
        cwd=processes.PROJECT,
    )
    if done.returncode != 0:
        raise BenchmarkFailed(f"{path} cannot be read:\n{done.stderr[-2_000:]}")
    read: dict[str, float] = json.loads(done.stdout)
    return read


def _cores() -> list[int]:
    return sorted(os.sched_getaffinity(0))


QUESTION = Question(
    name="job-list",
    title="The list of jobs, on one core",
    measures=(
        Measure("answers", "a second", more=True),
        Measure("median", "ms"),
        Measure("CPU", "ms"),
    ),
    rounds=5,
    prepare=prepare,
    rivals=False,
    reaches=(Reach("the job list, on one core", "answers", 200, at_least=True),),
)
