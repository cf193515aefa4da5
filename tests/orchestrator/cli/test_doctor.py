import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from orchestrator import config
from orchestrator import database as storage
from orchestrator.cli import doctor
from orchestrator.ledger import ticks, workers
from orchestrator.ledger.workers import Seen
from tests.orchestrator.cli.conftest import NOBODY_LISTENS, Kumo
from tests.orchestrator.ledger import given

COMMAND = Path(sys.executable).with_name("kumo")


def findings(said: str) -> list[tuple[str, str, str]]:
    """(ok, hint or FAIL, what was looked at, what was found) for each line."""
    parts = [line.split(maxsplit=2) for line in said.splitlines()]
    return [(word, name, found) for word, name, found in parts]


@contextmanager
def celery(*arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "celery", "-A", "orchestrator", *arguments]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.terminate()


def wait_for_beat(*processes: "subprocess.Popen[bytes]") -> None:
    """The tick is written by a worker for beat: once it is there, both work."""
    while True:
        with storage.transaction() as session:
            if ticks.BEAT in ticks.ages(session):
                return
        assert all(process.poll() is None for process in processes)


@pytest.mark.usefixtures("database", "redis_url")
def test_a_whole_installation_is_found_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KUMO_SWEEP_SECONDS", "0.5")
    monkeypatch.setenv("KUMO_CONTACT", "crawls@example.org")
    schedule = tmp_path / "schedule"
    with celery("worker") as worker, celery("beat", "-s", str(schedule)) as beat:
        wait_for_beat(worker, beat)
        said = subprocess.run([COMMAND, "doctor"], capture_output=True, text=True, check=False)
    found = findings(said.stdout)
    assert said.returncode == 0, said.stdout
    assert {word for word, _, _ in found} == {"ok"}
    assert [name for _, name, _ in found] == [
        "python", "configuration", "contact", "database", "migrations", "redis", "spiders",
        "workers", "workers", "queues", "beat",
    ]  # fmt: skip


@pytest.mark.usefixtures("database", "redis_url")
def test_missing_workers_and_beat_are_found_and_how_to_start_them():
    given.a_target("rendered", render=True)
    given.a_target("tagged", worker_tag="eu")
    said = subprocess.run([COMMAND, "doctor"], capture_output=True, text=True, check=False)
    assert said.returncode == 1
    faults = [(name, found) for word, name, found in findings(said.stdout) if word == "FAIL"]
    assert [name for name, _ in faults] == ["workers", "workers", "queues", "queues", "beat"]
    assert "celery -A orchestrator worker -Q crawls" in faults[0][1]
    assert "celery -A orchestrator worker -Q control" in faults[1][1]
    assert "celery -A orchestrator worker -Q browser" in faults[2][1]
    assert "celery -A orchestrator worker -Q crawls.eu" in faults[3][1]
    assert "celery -A orchestrator beat" in faults[4][1]


@pytest.mark.usefixtures("database")
def test_each_queue_that_targets_ask_for_is_told_with_those_that_serve_it():
    assert [finding.says for finding in doctor._queues()] == ["no target asks for a worker yet"]
    for number, tag in enumerate([None, "eu", "eu"]):
        given.a_target(f"shop-{number}", worker_tag=tag)
    given.do(workers.begin, Seen("one@here", 1, ["crawls.eu", "crawls.us"], 2, memory_bytes=0))
    found = [(finding.well, finding.says) for finding in doctor._queues()]
    assert found[1] == (True, "crawls.eu: targets 2, workers 1")
    assert found[0][0] is False
    assert found[0][1].startswith("crawls: targets 1, workers none. Start `celery")
    assert len(found) == 2


@pytest.mark.usefixtures("database_away")
def test_one_fault_does_not_hide_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "mine.py").write_text("import no_such_module\n")
    environment = os.environ | {
        "REDIS_URL": f"redis://{NOBODY_LISTENS}/0",
        "KUMO_SPIDER_MODULES": "mine",
    }
    said = subprocess.run(
        [COMMAND, "doctor"], capture_output=True, text=True, check=False,
        cwd=tmp_path, env=environment,
    )  # fmt: skip
    assert said.returncode == 1
    assert said.stderr == ""
    faults = [(name, found) for word, name, found in findings(said.stdout) if word == "FAIL"]
    assert [name for name, _ in faults] == [
        "database", "migrations", "redis", "spiders", "workers", "queues", "beat",
    ]  # fmt: skip
    told = dict(faults)
    assert "The database does not answer" in told["database"]
    assert told["migrations"].endswith("before this is mended: database")
    assert (
        "mine does not load: ModuleNotFoundError: No module named 'no_such_module'"
        in (told["spiders"])
    )


def test_a_wrong_environment_is_found_first(kumo: Kumo, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PORT", "none")
    result = kumo("doctor")
    assert result.exit_code == 1
    assert findings(result.stdout)[1][:2] == ("FAIL", "configuration")
    assert "PORT" in result.stdout


def test_a_missing_contact_is_a_hint_and_no_failure(monkeypatch: pytest.MonkeyPatch):
    (finding,) = doctor._contact()
    assert finding.well
    assert (finding.word, "set KUMO_CONTACT" in finding.says) == ("hint", True)
    monkeypatch.setenv("KUMO_CONTACT", "https://example.org/crawls")
    config.get.cache_clear()
    (finding,) = doctor._contact()
    assert (finding.word, finding.says) == ("ok", "sites are told: https://example.org/crawls")


@pytest.mark.usefixtures("no_tables")
def test_a_database_without_tables_is_told_how_to_get_them():
    assert [finding.well for finding in doctor._database()] == [True]
    (finding,) = doctor._migrations()
    assert not finding.well
    assert "run `kumo migrate`" in finding.says


def test_a_redis_that_throws_away_is_found(redis_url: str):
    with redis.Redis.from_url(redis_url) as client:
        kept = client.config_get("maxmemory-policy")["maxmemory-policy"]
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            (finding,) = doctor._redis()
        finally:
            client.config_set("maxmemory-policy", kept)
    assert not finding.well
    assert "set maxmemory-policy to noeviction" in finding.says


@pytest.mark.usefixtures("database")
def test_a_beat_that_fell_silent_is_found(monkeypatch: pytest.MonkeyPatch):
    with storage.transaction() as session:
        ticks.tick(session, ticks.BEAT)
    (finding,) = doctor._beat()
    assert finding.well
    monkeypatch.setattr(doctor, "_PATIENCE_SECONDS", -60)
    (finding,) = doctor._beat()
    assert not finding.well
    assert "Beat gave its last sign of life 0 minutes ago" in finding.says
