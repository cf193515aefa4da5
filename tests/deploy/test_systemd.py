"""The units: known to systemd, exposed little, and starting what compose starts."""

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.compose import SERVICES

UNITS = Path(__file__).parents[2] / "deploy/systemd"
SAME = {
    "kumo-migrate": "migrate",
    "kumo-worker": "worker",
    "kumo-browser": "worker-browser",
    "kumo-control": "worker-control",
    "kumo-beat": "beat",
    "kumo-dashboard": "dashboard",
    "kumo-scrapyd": "scrapyd",
}
_BIN = "/opt/kumo/bin/"


def service(name: str) -> configparser.SectionProxy:
    """A unit's own part; of what is said more than once the last."""
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # as systemd reads them
    unit.read(UNITS / f"{name}.service")
    return unit["Service"]


@pytest.fixture
def systemd(tmp_path: Path) -> Path:
    """The units with programs that are here; systemd looks whether they are."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not here")
    shutil.copytree(UNITS, tmp_path / "units")
    for unit in (tmp_path / "units").glob("*.service"):
        unit.write_text(unit.read_text().replace(f"{_BIN}python", "/bin/true")
                        .replace(f"{_BIN}kumo", "/bin/true"))  # fmt: skip
    return tmp_path / "units"


def test_there_is_a_unit_for_every_part() -> None:
    assert {unit.stem for unit in UNITS.glob("*.service")} == set(SAME)


@pytest.mark.parametrize("name", SAME)
def test_each_unit_starts_what_compose_starts(name: str) -> None:
    words = shlex.split(service(name)["ExecStart"].replace("%%", "%"))
    assert words[0].startswith(_BIN)
    words[0] = words[0].removeprefix(_BIN)
    # A proxy on this machine is who asks.
    wanted = [word.replace("0.0.0.0", "127.0.0.1") for word in SERVICES[SAME[name]]["command"]]
    assert words == wanted


def test_systemd_understands_every_line(systemd: Path) -> None:
    units = [*systemd.glob("*.service"), systemd / "kumo.target"]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "kumo" not in done.stderr, done.stderr


def test_systemd_finds_little_that_they_could_do(systemd: Path) -> None:
    for name in SAME:
        done = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--threshold=20",
             systemd / f"{name}.service"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
        assert level
        assert float(level[1]) < 2


def test_each_reads_the_accounts_of_its_part_alone() -> None:
    files = {name: service(name)["EnvironmentFile"] for name in SAME}
    assert files == {
        "kumo-migrate": "/etc/kumo/owner.env",
        "kumo-worker": "/etc/kumo/worker.env",
        "kumo-browser": "/etc/kumo/worker.env",
        "kumo-control": "/etc/kumo/worker.env",
        "kumo-beat": "/etc/kumo/beat.env",
        "kumo-dashboard": "/etc/kumo/dashboard.env",
        "kumo-scrapyd": "/etc/kumo/dashboard.env",
    }


def test_the_page_that_begins_makes_each_of_these_files() -> None:
    page = (UNITS.parents[1] / "docs/how-to/systemd.md").read_text()
    made = {f"/etc/kumo/{name}" for name in re.findall(r"> (\w+\.env)", page)}
    wanted = {service(name)["EnvironmentFile"] for name in SAME} | {"/etc/kumo/kumo.env"}
    assert made == wanted
