"""What linters say of the files of a deployment: nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMPOSE_FILES = ("docker-compose.yml", "deploy/compose/worker.yml")


def said_by(tool: str, *arguments: str) -> str:
    done = subprocess.run(
        [Path(sys.executable).with_name(tool), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_the_dockerfile_is_well() -> None:
    assert said_by("hadolint", "--no-color", "Dockerfile") == ""


def test_compose_files_are_what_composes_specification_says() -> None:
    assert said_by("check-jsonschema", "--builtin-schema=vendor.compose-spec", *COMPOSE_FILES) == ""


def test_yaml_is_well_written() -> None:
    assert said_by("yamllint", "--strict", "deploy", *COMPOSE_FILES) == ""


@pytest.mark.parametrize("fault", ["services: {worker: {image: kumo, restart: 3}}"])
def test_a_fault_is_found(tmp_path: Path, fault: str) -> None:
    (tmp_path / "compose.yml").write_text(fault)
    file = str(tmp_path / "compose.yml")
    assert said_by("check-jsonschema", "--builtin-schema=vendor.compose-spec", file)
