import json
import os
import shlex
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from sqlalchemy import text

from orchestrator import config, migrations
from orchestrator import database as storage
from tests.orchestrator.cli.conftest import Kumo
from tests.orchestrator.cli.refusals import sentence

COMMAND = Path(sys.executable).with_name("kumo")


@pytest.mark.usefixtures("no_tables")
def test_migrate_makes_the_tables_and_may_be_repeated(kumo: Kumo):
    assert not migrations.is_current()
    assert kumo("migrate").exit_code == 0
    assert migrations.is_current()
    assert kumo("migrate").exit_code == 0


@pytest.mark.usefixtures("database_away")
def test_migrate_without_a_database_is_one_sentence(kumo: Kumo):
    assert "The database does not answer" in sentence(kumo("migrate"))


@pytest.mark.usefixtures("no_tables")
def test_a_shell_can_evaluate_the_addresses(kumo: Kumo, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg2://k:a%20b@h:1/d?sslmode=off&x=$HOME;y")
    monkeypatch.setenv("REDIS_URL", "redis://:p'w@h:2/0")
    config.get.cache_clear()
    script = f'{kumo("env").stdout}\nprintf "%s\\n" "$DATABASE_URL" "$REDIS_URL"'
    said = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, env={})
    assert said.stdout.splitlines() == [
        "postgresql://k:a%20b@h:1/d?sslmode=off&x=$HOME;y",
        "redis://:p'w@h:2/0",
    ]


@pytest.mark.usefixtures("no_database")
def test_the_running_pair_is_found_in_the_home(kumo: Kumo):
    running = config.get().home / config.RUNNING_FILE
    pair = {"database_url": "postgresql://k@h:1/d", "redis_url": "redis://h:2/0"}
    running.write_text(json.dumps(pair))
    config.get.cache_clear()
    try:
        lines = kumo("env").stdout.splitlines()
    finally:
        running.unlink()
    assert lines == [f"DATABASE_URL={pair['database_url']}", f"REDIS_URL={pair['redis_url']}"]


@pytest.mark.usefixtures("database")
def test_half_a_pair_prints_nothing(kumo: Kumo, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("REDIS_URL", raising=False)
    config.get.cache_clear()
    assert "set REDIS_URL" in sentence(kumo("env"))


def test_the_demo_shop_is_served_until_it_is_told_to_stop():
    command = [COMMAND, "demo", "--port", "0", "--pages", "9", "--day", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as shop:
        try:
            assert shop.stdout is not None
            address = shlex.split(shop.stdout.readline())[-1]
            with urllib.request.urlopen(address) as answer:
                assert answer.status == 200
        finally:
            shop.send_signal(signal.SIGTERM)
        assert shop.wait(10) == 0


def test_the_demo_shop_has_its_own_options():
    said = subprocess.run(
        [COMMAND, "demo", "--help"], capture_output=True, text=True, check=True, env=os.environ
    )
    assert all(option in said.stdout for option in ("--port", "--pages", "--day", "--delay"))


@pytest.mark.usefixtures("database")
def test_a_migration_that_waits_too_long_for_another_is_one_sentence(kumo: Kumo, monkeypatch):
    monkeypatch.setattr("orchestrator.migrations._PAUSES_SECONDS", (0.1,))
    with storage.engine().begin() as other:
        other.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": 0x6B756D6F})
        assert "The database was busy in all of 2 tries" in sentence(kumo("migrate"))
