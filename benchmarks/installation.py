"""The throw-away installation that benchmarks run on: an embedded pair in a temporary home.

Both servers keep what they write as they do in `kumo up`, so that a commit costs what it costs.
The rivals have a database of their own in the same Postgres, and a number of their own in Redis.
"""

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT
from tempfile import TemporaryDirectory

import psutil
import psycopg2

from benchmarks import processes
from benchmarks.rivals.pipelines import TABLE
from benchmarks.spiders.meter import METER_FILE
from orchestrator import config, database, migrations, networks
from orchestrator.embedded import postgres, programs, valkey

SLOTS = 2


@dataclass(frozen=True)
class Installation:
    """A running pair, and what is started beside it."""

    home: Path
    #: The two servers.
    storage: tuple[psutil.Process, ...]
    #: The address of a database that `benchmarks.large_database` has filled, if one is named.
    large_database: str | None = None

    @property
    def meter_file(self) -> Path:
        """Where a crawl writes what it cost, when it is metered."""
        return self.home / "meter.json"

    @contextmanager
    def kumo_worker(self, number: int = 1, *, metered: bool = False) -> Iterator[psutil.Process]:
        """One of Kumo's workers, as `kumo up` starts it."""
        environment = {METER_FILE: str(self.meter_file)} if metered else {}
        name = f"kumo-{number}"
        command = (*programs.worker("crawls"), "-n", f"{name}@%h", "-l", "INFO")
        with self._started(name, command, environment) as worker:
            processes.said(self.home / f"{name}.log", rf"{name}@\S+ ready")
            yield worker

    @contextmanager
    def rival_worker(self) -> Iterator[psutil.Process]:
        """A prefork worker whose task runs `scrapy crawl`."""
        app = "benchmarks.rivals.celery_subprocess"
        celery = (sys.executable, "-m", "celery", "-A", app, "worker", "-l", "INFO")
        with self._started("rival", (*celery, "-c", str(SLOTS), "-n", "rival@%h"), {}) as worker:
            processes.said(self.home / "rival.log", r"rival@\S+ ready")
            yield worker

    @contextmanager
    def site(self, *command: str) -> Iterator[str]:
        """The address of a site, served by `python -m` with these arguments."""
        name = command[0].rpartition(".")[2]
        with self._started(name, (sys.executable, "-m", *command), {}):
            yield processes.said(self.home / f"{name}.log", r"http://[\d.:]+")

    def _started(
        self, name: str, command: tuple[str, ...], environment: dict[str, str]
    ) -> AbstractContextManager[psutil.Process]:
        log = self.home / f"{name}.log"
        return processes.running(command, log, environment=environment)


@contextmanager
def installed(large_database: str | None = None) -> Iterator[Installation]:
    """An installation, which the environment of this process then names; all of it ends after."""
    with TemporaryDirectory(prefix="kumo-benchmarks-") as folder, ExitStack() as stack:
        # Where root may make no namespace, Postgres runs as nobody, who has to get in here.
        (home := Path(folder)).chmod(0o711)
        servers = [postgres.prepare(home), valkey.prepare(home)]
        storage = tuple(
            stack.enter_context(
                processes.running(
                    each.command, each.folder / "log", folder=each.folder, stop=SIGINT
                )
            )
            for each in servers
        )
        for each in servers:
            each.wait()
        _configure(home, servers[0].url, servers[1].url)
        stack.callback(_disconnect)
        migrations.upgrade()
        _prepare_rivals(servers[0].url)
        yield Installation(home, storage, large_database)


def _configure(home: Path, database_url: str, redis_url: str) -> None:
    for field in config.Config.model_fields.values():
        os.environ.pop(str(field.validation_alias), None)
    os.environ.update(
        KUMO_HOME=str(home),
        KUMO_ALLOW_NETWORKS=networks.written(networks.LOOPBACK),
        DATABASE_URL=database_url,
        REDIS_URL=redis_url,
        KUMO_SLOTS=str(SLOTS),
        KUMO_SPIDER_MODULES="benchmarks.spiders",
        KUMO_SECRET_KEY=secrets.token_hex(),
        RIVAL_DATABASE_URL=database_url.rpartition("/")[0] + "/rival",
        RIVAL_REDIS_URL=redis_url.rpartition("/")[0] + "/1",
    )
    config.get.cache_clear()


def _prepare_rivals(database_url: str) -> None:
    for url, statement in (
        (database_url, "CREATE DATABASE rival"),
        (os.environ["RIVAL_DATABASE_URL"], TABLE),
    ):
        with closing(psycopg2.connect(url)) as connection:
            connection.autocommit = True
            connection.cursor().execute(statement)


def _disconnect() -> None:
    database.engine().dispose()
    database.engine.cache_clear()
    config.get.cache_clear()
