"""A Postgres and a Redis for the tests: those of the environment, or an embedded pair."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis

from orchestrator.embedded import postgres, valkey
from orchestrator.embedded.server import Server

#: What a test database may do without: it survives a kill, but never has to survive a power cut.
HURRY = {"fsync": "off", "full_page_writes": "off"}

#: A test run that is killed leaves no server behind.
END_WITH_US = ("setpriv", "--pdeathsig", "KILL")


@dataclass(frozen=True)
class Pair:
    """The addresses of the two servers."""

    database_url: str
    redis_url: str


@contextmanager
def running(server: Server) -> Iterator["subprocess.Popen[bytes]"]:
    """An embedded server as a child of ours, which ends with us however we end."""
    with (
        (server.folder / "log").open("ab") as log,
        subprocess.Popen(
            [*END_WITH_US, *server.command], stdout=log, stderr=log, cwd=server.folder
        ) as process,
    ):
        try:
            server.wait()
            yield process
        finally:
            process.send_signal(signal.SIGINT)  # to Postgres: stop now, without waiting for clients


@contextmanager
def started(home: Path, database_url: str | None, redis_url: str | None) -> Iterator[Pair]:
    """The servers named, or embedded ones where none is."""
    with ExitStack() as stack:
        if database_url is None:
            database = postgres.prepare(home, **HURRY)
            stack.enter_context(running(database))
            database_url = database.url
        if redis_url is None:
            bells = valkey.prepare(home)
            stack.enter_context(running(bells))
            redis_url = bells.url
        yield Pair(database_url, redis_url)


@contextmanager
def empty_redis(pair: Pair) -> Iterator[str]:
    """The address of an empty Redis database, emptied again afterwards."""
    for number in range(15, 0, -1):
        url = f"{pair.redis_url.rpartition('/')[0]}/{number}"
        with redis.Redis.from_url(url) as client:
            if client.dbsize() == 0:
                break
    else:
        pytest.fail("No Redis database from 1 to 15 is empty, and tests empty none but their own.")
    yield url
    with redis.Redis.from_url(url) as client:
        client.flushdb()
