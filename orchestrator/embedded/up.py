"""`kumo up`: everything on one machine, from the start to an orderly stop.

Two processes watch each other. This one starts the supervisor, and starts it again should it be
killed; the supervisor stops everything should this one be. So a SIGKILL of any one process either
heals or leaves nothing behind.
"""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from orchestrator import config, database
from orchestrator.embedded import (
    addresses,
    first_steps,
    greeting,
    home,
    kept,
    postgres,
    processes,
    programs,
    valkey,
)
from orchestrator.embedded.greeting import say
from orchestrator.embedded.supervision import Supervision
from orchestrator.exceptions import DatabaseAway, EmbeddedFailed

#: Half a minute, less what it takes to kill whoever does not stop in time.
_STOP_SECONDS = 27
_WATCH_SECONDS = 1
#: A supervisor that ends so often so soon will not stay up the next time either.
_MOST_HEALINGS, _HEALINGS_SECONDS = 5, 120


def up() -> int:
    """Runs everything until SIGINT, SIGTERM or SIGHUP, and returns the exit status.

    Raises OrchestratorError, in a sentence, when something stands in the way.
    """
    folder = config.get().home.expanduser().resolve()
    with home.locked(folder, say) as lock:
        return Installation(folder, lock).run()


class Installation:
    """One home while it runs."""

    def __init__(self, folder: Path, lock: int) -> None:
        self.folder = folder
        self.lock = lock
        self.supervision: Supervision | None = None
        self.stopping = self.hurried = False
        self.healings: list[float] = []

    def run(self) -> int:
        processes.adopt_orphans()
        with _signals(self._stop_requested):
            try:
                processes.end(processes.left_behind(self.folder), seconds=5)
                _check_ports()
                self._start()
                greeting.greet(self.folder)
                self._watch()
            except KeyboardInterrupt:
                say("Stopping, which may take half a minute; another Ctrl-C kills instead.")
            finally:
                self._stop()
        say("Stopped.")
        return 0

    def _stop_requested(self) -> None:
        if self.stopping:
            self.hurried = True
        else:
            self.stopping = True
            raise KeyboardInterrupt

    def _start(self) -> None:
        settings = config.get()
        storage = postgres.prepare(self.folder) if settings.database_url is None else None
        bells = valkey.prepare(self.folder) if settings.redis_url is None else None
        known = addresses.decide(settings, self.folder, storage, bells)
        servers = [server for server in (storage, bells) if server]
        kumo = programs.of_kumo(settings, known)
        self.supervision = Supervision(self.folder, [*programs.of_servers(servers), *kumo])
        self.supervision.start(known.environment(self.folder), self.lock)
        for server in servers:
            server.wait(hopeless=self.supervision.given_up)
            say(f"{server.name} is ready.")
        home.record_running(self.folder, **known.record())
        _furnish()
        self.supervision.start_programs(program.name for program in kumo)

    def _watch(self) -> None:
        while self.supervision is not None:
            time.sleep(_WATCH_SECONDS)
            processes.reap(spared=self.supervision.pid)
            if not self.supervision.is_alive:
                self._heal()
            # A program the supervisor gave up is one whose time may come yet.
            self.supervision.start_programs(self.supervision.given_up())

    def _heal(self) -> None:
        say("The supervisor was killed; starting everything again.")
        now = time.monotonic()
        self.healings = [then for then in self.healings if now - then < _HEALINGS_SECONDS] + [now]
        if len(self.healings) > _MOST_HEALINGS:
            raise EmbeddedFailed(
                f"The supervisor keeps ending: see {self.folder / 'logs' / 'supervisor.log'}."
            )
        self._clear(seconds=_STOP_SECONDS)
        self._start()
        say("Everything runs again.")

    def _stop(self) -> None:
        """Stops everything in order; at once when a second request comes, or time runs out."""
        self.stopping = True
        deadline = time.monotonic() + _STOP_SECONDS
        if self.supervision is not None:
            self.supervision.stop()
            while not self.hurried and self.supervision.is_alive and time.monotonic() < deadline:
                self.supervision.wait(0.1)
        self._clear(seconds=0 if self.hurried else 1)

    def _clear(self, seconds: float) -> None:
        processes.end(processes.descendants(), seconds=seconds)
        processes.kill(processes.descendants())
        home.forget_running(self.folder)
        if self.supervision is not None:
            self.supervision.close()


def _furnish() -> None:
    try:
        if password := first_steps.furnish():
            greeting.introduce(password)
    except DatabaseAway as error:
        raise EmbeddedFailed(
            "The database that DATABASE_URL names does not answer: start it, or unset DATABASE_URL "
            "to have an embedded one."
        ) from error
    finally:
        # Nothing more is asked of it from here, and sessions at rest would only count as clients.
        database.engine().dispose()
    say("The tables are up to date.")


def _check_ports() -> None:
    settings = config.get()
    for whose, variable, port in (
        ("the dashboard", "PORT", settings.port),
        ("Scrapyd's clients", "KUMO_SCRAPYD_PORT", settings.scrapyd_port),
    ):
        if port and not kept.is_free(port, settings.host):
            raise EmbeddedFailed(
                f"Port {port} of {settings.host} is in use: choose another one for {whose}, "
                f"such as {variable}={port + 10}."
            )


@contextmanager
def _signals(requested: Callable[[], None]) -> Iterator[None]:
    def handle(_signal: int, _frame: FrameType | None) -> None:
        requested()

    wanted = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as nohup asks for
        wanted.append(signal.SIGHUP)
    before = {each: signal.signal(each, handle) for each in wanted}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
