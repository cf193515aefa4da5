import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from orchestrator.embedded import processes
from tests.orchestrator.embedded.installation import awaited

_DEAF = (
    "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
)

#: A parent that adopts, whose child starts a grandchild and is killed.
_FAMILY = """
import os, subprocess, sys, time
from orchestrator.embedded import processes
processes.adopt_orphans()
child = subprocess.Popen(["sh", "-c", "sleep 60 & echo; wait"], stdout=subprocess.PIPE)
child.stdout.readline()
child.kill()
child.wait()
[orphan] = processes.descendants()
while orphan.name() != "sleep":  # until its shell has made it one
    time.sleep(0.01)
assert orphan.ppid() == os.getpid()
processes.end(processes.descendants(), seconds=5)
assert not processes.descendants()
"""

_ENDS_WITH_PARENT = """
import time
from orchestrator.embedded import processes
processes.end_with_parent()
print(flush=True)
time.sleep(60)
"""

#: A parent that starts the code it is given.
_PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
child.wait()
"""


def test_what_a_killed_child_had_started_is_adopted_and_ended() -> None:
    subprocess.run([sys.executable, "-c", _FAMILY], check=True, timeout=60)


def test_a_child_that_asks_for_it_ends_when_its_parent_is_killed() -> None:
    command = [sys.executable, "-c", _PARENT, _ENDS_WITH_PARENT]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    awaited(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, 10)


def test_one_that_does_not_listen_is_killed_when_time_is_over() -> None:
    with subprocess.Popen([sys.executable, "-c", _DEAF], stdout=subprocess.PIPE) as deaf:
        assert deaf.stdout
        deaf.stdout.readline()
        began = time.monotonic()
        processes.end([psutil.Process(deaf.pid)], seconds=0.5)
        assert 0.5 <= time.monotonic() - began < 5


def test_only_the_processes_of_that_home_are_left_behind(tmp_path: Path) -> None:
    mark = {processes.MARK: str(tmp_path)}
    with subprocess.Popen(["sleep", "60"], env=mark) as marked:
        assert [each.pid for each in processes.left_behind(tmp_path)] == [marked.pid]
        assert processes.left_behind(tmp_path / "other") == []
        marked.kill()


def test_adopted_children_that_ended_are_noted_and_the_spared_one_is_not() -> None:
    with subprocess.Popen(["true"]) as spared:
        awaited(lambda: psutil.Process(spared.pid).status() == psutil.STATUS_ZOMBIE, 10)
        processes.reap(spared=spared.pid)
        assert spared.wait() == 0


@pytest.fixture(autouse=True)
def _modules_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
