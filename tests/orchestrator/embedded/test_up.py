import os
import re
import signal
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest

from tests import scraping
from tests.orchestrator.embedded.installation import PARTS, Installation, awaited, get

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A home with everything in it, shared: a start takes seconds."""
    installation = Installation(tmp_path_factory.mktemp("up") / "100% 蜘蛛" / ".kumo")
    installation.start().ready()
    installation.said_first = installation.said()
    yield installation
    if not installation.ended():
        installation.stop()
    for process in installation.everything():
        process.kill()


@pytest.fixture
def running(installation: Installation) -> Installation:
    """That home with `kumo up` running in it; a test may end it as it likes."""
    return installation.start().ready() if installation.ended() else installation


@pytest.fixture
def another(tmp_path: Path) -> Installation:
    """A `kumo up` that is about to fail."""
    return Installation(tmp_path / "home")


def ask(url: str, statement: str) -> Any:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()


def test_the_dashboard_answers_at_the_address_it_says(running: Installation) -> None:
    address = f"http://127.0.0.1:{running.environment['PORT']}"
    assert f"Kumo is ready: {address} " in running.said()
    assert get(f"{address}/healthz") == 200


def test_scrapyds_clients_are_asked_for_a_token_at_the_port_set_for_them(
    running: Installation,
) -> None:
    address = f"http://127.0.0.1:{running.environment['KUMO_SCRAPYD_PORT']}/jobs"
    assert awaited(lambda: get(address)) == 401


def test_the_first_account_is_told_once(installation: Installation) -> None:
    told = re.findall(r"Your account: admin, with the password (\S{12,})", installation.said_first)
    assert len(told) == 1
    assert not [each for each in installation.folder.rglob("*.log") if told[0] in each.read_text()]


def test_every_part_runs_in_a_session_of_its_own(running: Installation) -> None:
    parts = {name: running.part(name) for name in PARTS}
    assert all(parts.values()), parts
    assert all(part and os.getsid(part.pid) == part.pid for part in parts.values())


def test_no_secret_shows_in_a_command_line_or_an_open_file(running: Installation) -> None:
    recorded = running.recorded()
    secrets = [recorded["secret_key"], recorded["redis_url"].split("@")[0].split(":")[-1]]
    commands = " ".join(" ".join(each.cmdline()) for each in running.everything())
    assert not [secret for secret in secrets if secret in commands]
    modes = [path.stat().st_mode for path in running.folder.iterdir() if path.is_file()]
    assert stat.S_IMODE(running.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((running.folder / "running.json").stat().st_mode) == 0o600
    assert modes


def test_the_tables_and_the_demo_targets_are_there(running: Installation) -> None:
    names = "SELECT array_agg(name ORDER BY name) FROM scraping_targets"
    expected = ["books_toscrape", "demo_shop", "quotes_toscrape"]
    assert ask(running.recorded()["database_url"], names) == (expected,)


def test_a_first_crawl_of_the_demo_shop_was_requested(running: Installation) -> None:
    assert ask(running.recorded()["database_url"], "SELECT count(*) FROM scraping_jobs") == (1,)


def test_crawls_may_reach_this_machine_and_so_may_those_of_another_terminal(
    running: Installation,
) -> None:
    recorded = running.recorded()
    assert recorded["allow_networks"] == "127.0.0.0/8,::1/128"
    status = "SELECT DISTINCT status FROM scraping_jobs"
    awaited(lambda: ask(recorded["database_url"], status) == ("completed",))
    terminal = {"KUMO_HOME": str(running.folder), "KUMO_ALLOW_NETWORKS": ""}
    options = ("-s", "CLOSESPIDER_ITEMCOUNT=1", "-O", "-:jsonlines")
    _, said, logged = scraping.ended(scraping.scrapy("crawl", "demo_shop", *options, **terminal))
    assert scraping.items_of(said), logged


def test_a_second_one_in_the_same_home_is_told_of_the_first(running: Installation) -> None:
    second = Installation(running.folder.with_name("second"), KUMO_HOME=str(running.folder))
    second.start()
    awaited(second.ended)
    assert second.process
    assert second.process.returncode == 1
    assert f"already runs in {running.folder}: http://127.0.0.1:" in second.said()
    assert running.recorded()


@pytest.mark.parametrize("name", [*PARTS, "supervisor"])
def test_a_kill_of_any_one_process_heals(running: Installation, name: str) -> None:
    victim = awaited(lambda: running.part(name))
    victim.kill()
    successor = awaited(lambda: other(running.part(name), victim))
    assert successor.pid != victim.pid
    awaited(lambda: all(running.part(each) for each in PARTS))
    recorded = awaited(running.recorded)
    awaited(lambda: get(f"{recorded['dashboard_url']}/healthz") == 200)
    awaited(lambda: get(recorded["demo_url"]) == 200)
    awaited(lambda: counted(recorded["database_url"], "scraping_targets") == 3)


def counted(url: str, table: str) -> int | None:
    try:
        return ask(url, f"SELECT count(*) FROM {table}")[0]
    except psycopg2.OperationalError:  # not back yet
        return None


def other(process: psutil.Process | None, than: psutil.Process) -> psutil.Process | None:
    return process if process and process.pid != than.pid else None


def test_stopped_it_leaves_no_process_and_started_again_it_finds_its_data(
    running: Installation,
) -> None:
    statement = "SELECT id::text FROM users"
    before = ask(running.recorded()["database_url"], statement)
    began = time.monotonic()
    assert running.stop(signal.SIGTERM) == 0
    assert time.monotonic() - began < 30
    assert running.everything() == []
    assert not running.recorded()
    assert running.said().endswith("Stopped.\n")
    running.start().ready()
    assert ask(running.recorded()["database_url"], statement) == before
    assert "Your account" not in running.said()
    assert "first crawl" not in running.said()


def test_killed_itself_it_leaves_nothing_behind(running: Installation) -> None:
    running.stop(signal.SIGKILL)
    awaited(lambda: not running.everything())
    assert not running.recorded()


def test_what_was_left_by_a_kill_of_both_watchers_is_ended_by_the_next_start(
    running: Installation,
) -> None:
    supervisor = awaited(lambda: running.part("supervisor"))
    assert running.process
    running.process.send_signal(signal.SIGSTOP)
    supervisor.kill()
    running.stop(signal.SIGKILL)
    left = running.everything()
    assert left
    running.start().ready()
    assert not {each.pid for each in left} & {each.pid for each in running.everything()}
    assert all(running.part(name) for name in PARTS)


def test_a_port_in_use_is_one_sentence(another: Installation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        another.environment["PORT"] = str(port)
        another.start()
        awaited(another.ended)
    assert another.process
    assert another.process.returncode == 1
    assert another.said().strip().splitlines()[0] == (
        f"Error: Port {port} of 127.0.0.1 is in use: choose another one for the dashboard, "
        f"such as PORT={port + 10}."
    )


def test_a_home_that_cannot_be_made_is_one_sentence(another: Installation, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    another.environment["KUMO_HOME"] = str(tmp_path / "file" / "home")
    another.start()
    awaited(another.ended)
    assert re.fullmatch(
        r"Error: .*/file/home cannot be made \(.*\): set KUMO_HOME.*\n", another.said()
    )
