import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator import config
from orchestrator.embedded import home
from orchestrator.exceptions import EmbeddedFailed
from tests.pair import END_WITH_US

_HOLD = """
import sys, time
from pathlib import Path
from orchestrator.embedded import home
with home.locked(Path(sys.argv[1]), print):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def hold(folder: Path, seconds: float) -> "subprocess.Popen[str]":
    """Another process that holds the home for so long."""
    command = [*END_WITH_US, sys.executable, "-c", _HOLD, str(folder), str(seconds)]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    return holder


def test_a_home_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    with hold(tmp_path, 60) as holder:
        told = rf"already runs in {tmp_path}: .* \(process {holder.pid}\)"
        with pytest.raises(EmbeddedFailed, match=told), home.locked(tmp_path, print):
            pass
        holder.kill()


def test_a_home_whose_holder_was_killed_is_waited_for(tmp_path: Path) -> None:
    said: list[str] = []
    with hold(tmp_path, 0.5):
        (tmp_path / "lock").write_text("4194304")  # no process has this number
        with home.locked(tmp_path, said.append):
            assert (tmp_path / "lock").read_text() == str(os.getpid())
    assert said == ["The last `kumo up` was killed; waiting until all of it has stopped."]


def test_taking_a_home_forgets_what_a_kill_left_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUMO_HOME", str(tmp_path))
    home.record_running(tmp_path, database_url="postgresql://stale", redis_url="redis://stale")
    assert config.get().database_url
    with home.locked(tmp_path, print):
        assert config.get().database_url is None


def test_what_is_recorded_is_found_by_the_configuration_and_is_ours_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUMO_HOME", str(tmp_path))
    config.get()
    home.record_running(tmp_path, database_url="postgresql://there", redis_url="redis://there")
    assert config.get().redis_url == "redis://there"
    assert home.running(tmp_path)["pid"] == os.getpid()
    assert stat.S_IMODE((tmp_path / "running.json").stat().st_mode) == 0o600


def test_a_home_we_may_not_write_to_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()
    with pytest.raises(EmbeddedFailed, match=r"cannot be written to .*: set KUMO_HOME"):
        with home.locked(tmp_path, print):
            pass
