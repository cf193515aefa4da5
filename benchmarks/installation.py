"""The throw-away installation that benchmarks run on: an embedded pair in a temporary home.

Both servers keep what they write as they do in `kumo up`, so that a commit costs what it costs.
The rivals have a database of their own in the same Postgres, and a number of their own in Redis.
What is started beside the pair is started once, by the first question that needs it, and waits for
the others: an idle worker costs next to nothing, and its start costs seconds.
"""

import os
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGINT
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import psutil
import psycopg2

from benchmarks import processes
from benchmarks.rivals.pipelines import TABLE
from benchmarks.spiders.meter import METER_FILE
from orchestrator import config, database, migrations, networks
from orchestrator.embedded import postgres, programs, valkey

SLOTS = 2
#: A database as migrations make it, for others to begin as.
MIGRATED = "migrated"

Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Installation:
    """A running pair, and what is started beside it."""

    home: Path
    #: The two servers.
    storage: tuple[psutil.Process, ...]
    #: The address of a database that `benchmarks.large_database` has filled, if one is named.
    large_database: str | None = None
    #: Of the quick form: one other installation beside it does for all.
    quick: bool = False
    #: What ends with the installation, and what of it can be asked for again.
    _stack: ExitStack = field(default_factory=ExitStack)
    _shared: dict[str, Any] = field(default_factory=dict)

    @property
    def meter_file(self) -> Path:
        """Where a crawl writes what it cost; it does so when the file is there."""
        return self.home / "meter.json"

    def shared(self, name: str, start: Callable[[], AbstractContextManager[Thing]]) -> Thing:
        """What `start` gives, started by whoever asks first and ended with the installation."""
        if name not in self._shared:
            self._shared[name] = self._stack.enter_context(start())
        thing: Thing = self._shared[name]
        return thing

    def stop(self) -> None:
        """Ends what is shared, all at once: one by one the workers would take their time."""
        shared = [each for each in self._shared.values() if isinstance(each, psutil.Process)]
        processes.stop(*(each for each in shared if each.is_running()))

    def kumo_worker(self) -> psutil.Process:
        return self.shared("kumo", self.kumo_worker_apart)

    def rival_worker(self) -> psutil.Process:
        return self.shared("rival", self.rival_worker_apart)

    def site(self, *command: str) -> str:
        """The address of a site, served by `python -m` with these arguments."""
        return self.shared(" ".join(command), lambda: self._site(command))

    @contextmanager
    def kumo_worker_apart(
        self, name: str = "kumo", environment: Mapping[str, str] | None = None, *options: str
    ) -> Iterator[psutil.Process]:
        """Kumo's worker, as `kumo up` starts it, with options; one that nobody else uses."""
        command = (*programs.worker("crawls"), "-l", "INFO", *options)
        metered = {METER_FILE: str(self.meter_file)}
        with self.started(name, command, metered | dict(environment or {})) as worker:
            processes.said(self.home / f"{name}.log", r"@\S+ ready")
            yield worker

    @contextmanager
    def rival_worker_apart(self) -> Iterator[psutil.Process]:
        """A prefork worker whose task runs `scrapy crawl`."""
        app = "benchmarks.rivals.celery_subprocess"
        celery = (sys.executable, "-m", "celery", "-A", app, "worker", "-l", "INFO")
        with self.started("rival", (*celery, "-c", str(SLOTS), "-n", "rival@%h")) as worker:
            processes.said(self.home / "rival.log", r"rival@\S+ ready")
            yield worker

    def started(
        self, name: str, command: tuple[str, ...], environment: Mapping[str, str] | None = None
    ) -> AbstractContextManager[psutil.Process]:
        """A process whose log bears its name; for a while."""
        return processes.running(command, self.home / f"{name}.log", environment=environment)

    @contextmanager
    def _site(self, command: tuple[str, ...]) -> Iterator[str]:
        name = f"site-{len(self._shared)}"
        with self.started(name, (sys.executable, "-m", *command)):
            yield processes.said(self.home / f"{name}.log", r"http://[\d.:]+")


@contextmanager
def installed(large_database: str | None = None, *, quick: bool = False) -> Iterator[Installation]:
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
        _prepare_rivals(servers[0].url)
        stack.callback(_disconnect)
        migrations.upgrade()
        # Nobody may be connected to what is copied.
        database.engine().dispose()
        execute(os.environ["RIVAL_DATABASE_URL"], f"CREATE DATABASE {MIGRATED} TEMPLATE kumo")
        installation = Installation(home, storage, large_database, quick)
        with installation._stack:
            try:
                yield installation
            finally:
                installation.stop()


def _configure(home: Path, database_url: str, redis_url: str) -> None:
    for setting in config.Config.model_fields.values():
        os.environ.pop(str(setting.validation_alias), None)
    # Else each process compiles what it imports, on and on: half of what a rival's job costs.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
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
    execute(database_url, "CREATE DATABASE rival")
    execute(os.environ["RIVAL_DATABASE_URL"], TABLE)


def execute(url: str, statement: str, values: Mapping[str, Any] | None = None) -> None:
    """A statement that commits by itself, in the database of that address."""
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        connection.cursor().execute(statement, values)


def _disconnect() -> None:
    database.engine().dispose()
    database.engine.cache_clear()
    config.get.cache_clear()
