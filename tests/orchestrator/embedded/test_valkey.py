import signal
import stat
from pathlib import Path

import pytest
import redis

from orchestrator.embedded import valkey
from tests.pair import running


def test_it_runs_from_any_path(home: Path) -> None:
    server = valkey.prepare(home)
    with running(server), redis.Redis.from_url(server.url) as client:
        assert client.config_get("dir") == {"dir": str(home / "valkey")}


def test_what_was_written_survives_a_kill(home: Path) -> None:
    server = valkey.prepare(home)
    with running(server) as process, redis.Redis.from_url(server.url) as client:
        client.set("kept", "yes")
        # Written to the log before the answer, synced to the disk within a second: enough here.
        process.kill()
    again = valkey.prepare(home)
    assert again.url == server.url
    with running(again), redis.Redis.from_url(again.url) as client:
        assert client.get("kept") == b"yes"


def test_a_full_memory_refuses_writes_instead_of_forgetting(home: Path) -> None:
    server = valkey.prepare(home, maxmemory="1mb")
    with running(server), redis.Redis.from_url(server.url) as client:
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            client.set("large", "x" * 2_000_000)


def test_nobody_gets_in_without_the_password(home: Path) -> None:
    server = valkey.prepare(home)
    password = (home / "valkey" / "password").read_text()
    assert password not in " ".join(server.command)
    assert stat.S_IMODE((home / "valkey" / "valkey.conf").stat().st_mode) == 0o600
    with running(server), redis.Redis.from_url(server.url.replace(password, "")) as client:
        with pytest.raises(redis.exceptions.AuthenticationError):
            client.ping()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_when_asked(home: Path, how: signal.Signals) -> None:
    with running(valkey.prepare(home)) as process:
        process.send_signal(how)
        assert process.wait(10) == 0
