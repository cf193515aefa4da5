"""docker-compose.yml carried out by podman: what each service says, as options of `podman run`.

podman-compose knows no `configs`, and has health checks made by systemd, which is not everywhere.
So both are made here, as the file has them.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.awaiting import until
from tests.compose import COMPOSE, ROOT, SERVICES, resolved

STORE = ROOT / "build/containers"
_ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "CONTAINERS_CONF": str(STORE / "containers.conf"),
    "CONTAINERS_STORAGE_CONF": str(STORE / "storage.conf"),
}
_PREFIX = "kumo-test"


def podman(*arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        ["podman", *arguments], env=_ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert not check or done.returncode == 0, f"podman {arguments}: {done.stdout}{done.stderr}"
    return done


class Container:
    """A service of the file as a container, or one of several."""

    def __init__(self, service: str, number: int = 1) -> None:
        self.service, self.number = service, number
        self.name = f"{_PREFIX}-{service}-{number}"

    def exec(self, *command: str, check: bool = True) -> str:
        """What a command within it says."""
        return podman("exec", self.name, *command, check=check).stdout.strip()

    def is_healthy(self) -> bool:
        state = podman("inspect", "--format={{.State.Status}}", self.name).stdout.strip()
        assert state == "running", self.said()
        kind, *check = map(resolved, SERVICES[self.service]["healthcheck"]["test"])
        line = ["sh", "-c", *check] if kind == "CMD-SHELL" else check
        return podman("exec", self.name, *line, check=False).returncode == 0

    def said(self) -> str:
        done = podman("logs", self.name, check=False)
        return done.stdout + done.stderr

    def stop(self) -> None:
        podman("stop", self.name)


class Stack:
    """The containers, networks and volumes of one `up`."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        #: What a file .env would say.
        self._environment = environment

    def up(self, *services: str) -> None:
        """Starts these, each after those it waits for, and returns when all are healthy."""
        for name, network in COMPOSE["networks"].items():
            internal = ["--internal"] if (network or {}).get("internal") else []
            podman("network", "create", *internal, f"{_PREFIX}-{name}")
        for name, config in COMPOSE["configs"].items():
            text = (
                resolved(config["content"])
                if "content" in config
                else (ROOT / config["file"]).read_text()
            )
            (self._folder / name).write_text(text)
            (self._folder / name).chmod(0o444)
        for service in _in_order(services):
            self.start(service)

    def start(self, service: str, number: int = 1) -> Container:
        container = Container(service, number)
        line = ["run", "--detach", f"--name={container.name}", *self._options(service)]
        if number > 1:
            line = [word for word in line if not word.startswith("--publish")]
        command = map(resolved, SERVICES[service].get("command", []))
        podman(*line, SERVICES[service]["image"], *command)
        if "healthcheck" in SERVICES[service]:
            until(container.is_healthy, f"{service} is healthy", seconds=120)
        else:
            status = podman("wait", container.name).stdout.strip()
            assert status == "0", container.said()
        return container

    def run(self, name: str, network: str, *command: str) -> None:
        """One more container of our image, known by its name in a network of the file."""
        place = f"--network={_PREFIX}-{network}:alias={name}"
        podman("run", "--detach", f"--name={_PREFIX}-{name}-1", place, "kumo", *command)

    def down(self) -> None:
        podman("rm", "--all", "--force", "--time=1", "--volumes", check=False)
        podman("volume", "rm", "--all", "--force", check=False)
        for name in COMPOSE["networks"]:
            podman("network", "rm", "--force", f"{_PREFIX}-{name}", check=False)

    def _options(self, name: str) -> Iterator[str]:
        service = SERVICES[name]
        for network in service["networks"]:
            yield f"--network={_PREFIX}-{network}:alias={name}"
        for variable, value in service["environment"].items():
            said = self._environment.get(variable) if value is None else resolved(value)
            if said is not None:
                yield f"--env={variable}={said}"
        for config in service.get("configs", ()):
            yield f"--volume={self._folder / config['source']}:{config['target']}:ro"
        for volume in service.get("volumes", ()):
            yield f"--volume={_PREFIX}-{volume}"
        for port in service.get("ports", ()):
            yield f"--publish={resolved(port)}"
        yield from _limits(service)


def _limits(service: dict[str, Any]) -> Iterator[str]:
    if service.get("init"):
        yield "--init"
    if service.get("read_only"):
        # podman would lay more folders over it than the file names.
        yield from ("--read-only", "--read-only-tmpfs=false")
    for folder in service.get("tmpfs", ()):
        yield f"--tmpfs={folder}"
    for capability in service.get("cap_drop", ()):
        yield f"--cap-drop={capability}"
    for option in service.get("security_opt", ()):
        # Docker's spelling of it.
        yield f"--security-opt={option.removesuffix(':true')}"
    if "user" in service:
        yield f"--user={service['user']}"
    if "shm_size" in service:
        yield f"--shm-size={service['shm_size']}"
    if "stop_grace_period" in service:
        yield f"--stop-timeout={service['stop_grace_period'].removesuffix('s')}"


def _in_order(services: tuple[str, ...]) -> list[str]:
    """These services and all they wait for, each after those."""
    found: list[str] = []
    for name in services:
        found += _in_order(tuple(SERVICES[name].get("depends_on", ())))
        found.append(name)
    return list(dict.fromkeys(found))


def image(name: str) -> dict[str, Any]:
    """What an image says of itself."""
    said: list[dict[str, Any]] = json.loads(podman("image", "inspect", name).stdout)
    return said[0]
