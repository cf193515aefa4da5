"""Servers that a test may stop, freeze, fill and start again: embedded ones of its own.

The pair of the session serves every other test, so whoever breaks a server brings one along.
"""

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import redis
from sqlalchemy import make_url

from orchestrator import config
from orchestrator import database as storage
from orchestrator.embedded import postgres, valkey
from orchestrator.embedded.kept import LOOPBACK
from orchestrator.embedded.server import Server
from tests import brokers
from tests.pair import END_WITH_US, HURRY


class Breakable:
    """An embedded server under a test's hands."""

    def __init__(self, server: Server, prefix: Sequence[str] = (), **environment: str) -> None:
        self._server, self._prefix, self._environment = server, prefix, environment
        self.url = server.url
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it answers."""
        with (self._server.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*END_WITH_US, *self._prefix, *self._server.command],
                env=os.environ | self._environment,
                stdout=log,
                stderr=log,
                cwd=self._server.folder,
            )
        self._server.wait()

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Ends it and all its sessions; what it has on disk stays."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(how)
            self._process.wait(timeout=30)
            self._process = None

    def freeze(self) -> None:
        """It still has its connections and takes new ones, and answers nobody."""
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        self._send(signal.SIGCONT)

    def _send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)


class OwnRedis(Breakable):
    """A Valkey that may forget and may be full."""

    def __init__(self, home: Path, at: str = LOOPBACK) -> None:
        super().__init__(valkey.prepare(home, bind=" ".join({LOOPBACK, at})))
        self.url = self.url.replace(LOOPBACK, at)
        self.folder = self._server.folder / "appendonlydir"

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url)

    def fill(self) -> None:
        """From now on it refuses whatever needs memory."""
        with self.client() as client:
            client.config_set("maxmemory", "1")

    def make_room(self) -> None:
        with self.client() as client:
            client.config_set("maxmemory", "0")


@contextmanager
def own_redis(at: str = LOOPBACK) -> Iterator[OwnRedis]:
    """A running Valkey of its own; REDIS_URL and Celery name it, by that address."""
    with TemporaryDirectory(prefix="kumo-redis-") as home:
        server = OwnRedis(Path(home), at)
        server.start()
        try:
            with brokers.connected_to(server.url):
                yield server
        finally:
            server.stop()


@contextmanager
def own_postgres(
    prefix: Sequence[str] = (), *, at: str = LOOPBACK, **environment: str
) -> Iterator[Breakable]:
    """A running, migrated Postgres of its own; DATABASE_URL names it, by that address."""
    with TemporaryDirectory(prefix="kumo-postgres-") as name:
        # Where root may make no namespace, Postgres runs as nobody, who has to get in here.
        (home := Path(name)).chmod(0o711)
        listening = {"listen_addresses": ",".join({LOOPBACK, at})}
        server = Breakable(postgres.prepare(home, **HURRY, **listening), prefix, **environment)
        with (home / "postgres" / "data" / "pg_hba.conf").open("a") as file:
            file.write("host all all samenet scram-sha-256\n")
        server.url = server.url.replace(LOOPBACK, at)
        server.start()
        try:
            with database_at(server.url):
                import_module("orchestrator.migrations").upgrade()
                yield server
        finally:
            server.stop()


@contextmanager
def database_at(url: str) -> Iterator[None]:
    """DATABASE_URL names this one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", make_url(url).render_as_string(hide_password=False))
        _forget_engine()
        yield
    _forget_engine()


def _forget_engine() -> None:
    if storage.engine.cache_info().currsize:
        storage.engine().dispose()
    storage.engine.cache_clear()
    config.get.cache_clear()
