"""Real storms, small ones: a whole installation each, so there are few."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from orchestrator.embedded import processes
from tests.awaiting import until
from tests.orchestrator.cli.conftest import Kumo
from tests.orchestrator.cli.refusals import sentence

COMMAND = Path(sys.executable).with_name("kumo")

QUICK = {
    "KUMO_LEASE_SECONDS": "6",
    "KUMO_SWEEP_SECONDS": "1",
    "KUMO_RETRY_SECONDS": "0.2",
    "KUMO_RING_AGAIN_SECONDS": "1",
    "KUMO_CHECKPOINT_SECONDS": "0.3",
    "KUMO_STOP_SECONDS": "1",
    # Whatever these name is nobody's business here.
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where storms make their folders; a place that everybody may enter."""
    with tempfile.TemporaryDirectory(prefix="kumo-test-") as name:
        (path := Path(name)).chmod(0o711)
        yield path


@contextmanager
def storming(folder: Path, *options: str, **environment: str) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [COMMAND, "chaos", *options],
        env=os.environ | QUICK | {"TMPDIR": str(folder)} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def left_in(folder: Path) -> list[psutil.Process]:
    """The processes of installations below the folder."""
    homes = [path / "home" for path in folder.iterdir()]
    return [each for home in homes for each in processes.left_behind(home)]


@pytest.mark.timeout(300)
def test_a_small_storm_leaves_nothing_lost_and_nothing_behind(folder: Path):
    options = ("--kills", "5", "--pages", "200", "--seed", "4", "--json")
    with storming(folder, *options) as process:
        said, told = process.communicate(timeout=280)
    came = json.loads(said)
    assert process.returncode == 0, (came, told)
    assert came["clean"]
    assert came["kills"] == 5
    assert came["jobs"] >= 3
    assert came["requests"] > came["pages"] == 200 * came["jobs"]
    zeros = ("missing", "duplicates", "stuck", "wrong_counts", "false_successes", "failed",
             "run_twice")  # fmt: skip
    assert {name: came[name] for name in zeros} == dict.fromkeys(zeros, 0)
    assert came["recoveries"] > 0
    assert came["seed"] == 4
    assert list(folder.iterdir()) == []


@pytest.mark.timeout(200)
def test_ctrl_c_stops_everything_and_leaves_nothing(folder: Path):
    with storming(folder, "--kills", "1000", "--pages", "200") as process:
        until(lambda: list(folder.glob("*/storm.log")), "a first kill", seconds=120)
        assert left_in(folder)
        before = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        said, told = process.communicate(timeout=90)
    assert process.returncode == 130
    assert said == ""
    assert "Stopped before the end" in told
    assert list(folder.iterdir()) == []
    assert [each for each in before if each.is_running()] == []


def test_an_installation_that_does_not_start_is_one_sentence(folder: Path):
    with storming(folder, "--kills", "1", KUMO_NIGHTLY="midnight") as process:
        said, told = process.communicate(timeout=100)
    assert process.returncode == 1
    assert said == ""
    assert told.splitlines()[-1].startswith("Error: ")
    assert "KUMO_NIGHTLY: " in told.splitlines()[-1]
    assert left_in(folder) == []


@pytest.mark.parametrize(
    "options", [("--kills", "0"), ("--pages", "4"), ("--pages", "1000001"), ("--seed", "-1")]
)
def test_bounds_are_kept(kumo: Kumo, options: tuple[str, str]):
    result = kumo("chaos", *options)
    assert result.exit_code == 2
    assert f"Invalid value for '{options[0]}'" in result.stderr


def test_a_machine_without_room_is_one_sentence(kumo: Kumo, monkeypatch: pytest.MonkeyPatch):
    full = psutil.virtual_memory()._replace(available=2**20)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: full)
    assert "1 MB of memory are free" in sentence(kumo("chaos", "--kills", "1"))
