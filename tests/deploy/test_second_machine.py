"""A machine that only crawls: its worker is that of docker-compose.yml, and it is told little."""

from pathlib import Path
from typing import Any

import yaml

from tests.compose import SERVICES, resolved

FILE = Path(__file__).parents[2] / "deploy/compose/worker.yml"
WORKER: dict[str, Any] = yaml.safe_load(FILE.read_text())["services"]["worker"]


def test_its_worker_is_the_one_of_the_first_machine() -> None:
    first = SERVICES["worker"]
    assert [resolved(word) for word in WORKER["command"]] == first["command"]
    same = {"image", "restart", "init", "read_only", "tmpfs", "cap_drop", "security_opt"}
    same |= {"stop_grace_period", "healthcheck"}
    assert {name: WORKER[name] for name in same} == {name: first[name] for name in same}


def test_it_is_told_two_addresses_and_no_other_secret() -> None:
    required = {name for name, value in WORKER["environment"].items() if ":?" in (value or "")}
    assert required == {"DATABASE_URL", "REDIS_URL"}
    assert set(WORKER["environment"]) <= set(SERVICES["worker"]["environment"])


def test_nothing_of_it_is_reached_from_outside() -> None:
    assert "ports" not in WORKER
