import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from orchestrator import log_format, subjects
from orchestrator.log_format import JsonLines

ROOT = Path(__file__).parents[2]
LOGGER = logging.getLogger("orchestrator.somewhere")


def told(message: object = "It is so.", *arguments: object, **extra: Any) -> dict[str, Any]:
    record = LOGGER.makeRecord(
        LOGGER.name, logging.WARNING, "f.py", 1, message, arguments, None, extra=extra
    )
    written = JsonLines().format(record)
    assert "\n" not in written
    line: dict[str, Any] = json.loads(written)
    return line


def test_a_line_says_when_how_bad_who_and_what() -> None:
    line = told("Job %s is %s", 7, "done", action="ended", job_id="7", pages=3, well=True)
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "WARNING",
        "logger": "orchestrator.somewhere",
        "message": "Job 7 is done",
        "action": "ended",
        "job_id": "7",
        "pages": 3,
        "well": True,
    }


def test_a_line_names_what_its_thread_is_at_unless_it_knows_better(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(subjects, "_sources", [])
    subjects.are_known_by(lambda: {"job_id": "1", "target_id": 4})
    assert (told()["job_id"], told()["target_id"]) == ("1", 4)
    assert told(job_id="2")["job_id"] == "2"


def test_a_line_of_celerys_about_a_bell_names_its_job() -> None:
    task = {"id": "abc", "name": "orchestrator.tasks.scrape_target", "args": "[1]", "kwargs": "{}"}
    line = told(data=task)
    assert (line["task_id"], line["job_id"]) == ("abc", "abc")
    assert "args" not in str(line)
    assert "job_id" not in told(data=task | {"name": "orchestrator.tasks.sweep"})


@pytest.mark.parametrize(
    ("said", "secret"),
    [
        ("Cannot reach redis://:hunter2@cache:6379/0.", "hunter2"),
        ("No answer (postgresql+psycopg2://kumo:hunter2@db/kumo)", "hunter2"),
        ("Gave up https://shop.example/?page=2&api_key=hunter2", "hunter2"),
        ("Authorization: Bearer hunter2hunter2", "hunter2"),
        ("Somebody typed kumo_" + "x" * 43, "x" * 43),
    ],
)
def test_no_line_has_a_secret(said: str, secret: str) -> None:
    assert secret not in json.dumps(told(said), ensure_ascii=False)
    assert secret not in json.dumps(told("It said: %s", said), ensure_ascii=False)
    assert secret not in json.dumps(told(reason=said), ensure_ascii=False)


def test_what_is_a_secret_by_its_name_is_masked() -> None:
    assert told(password="hunter2", token=None)["password"] == "••••••"


def test_whatever_is_logged_becomes_one_line_of_json() -> None:
    assert told("%s and %s", "one")["message"] == "%s and %s"
    assert told("a\nb\ud800", strange=object(), large=2**70, ratio=0.5)["message"] == "a\nb?"
    assert told(ValueError("not even text"))["message"] == "not even text"
    try:
        raise ValueError("at redis://:hunter2@cache")
    except ValueError:
        record = LOGGER.makeRecord("x", logging.ERROR, "f", 1, "Oh", (), sys.exc_info())
    line = json.loads(JsonLines().format(record))
    assert "ValueError" in line["exception"]
    assert "hunter2" not in line["exception"]


def test_text_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUMO_LOG_FORMAT", "nonsense")
    assert not log_format.is_json()
    before = list(logging.getLogger().handlers)
    log_format.begin()
    assert logging.getLogger().handlers == before


def test_a_command_logs_as_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    script = (
        "import logging, click\n"
        "from orchestrator import cli\n"
        "cli.Kumo.get_command = lambda *_: click.Command('x', callback=lambda:"
        " logging.getLogger('orchestrator.x').warning('Said', extra={'action': 'said'}))\n"
        "cli.kumo(['x'])\n"
    )
    monkeypatch.setenv("KUMO_LOG_FORMAT", "json")
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    line = json.loads(done.stderr)
    assert (line["message"], line["action"]) == ("Said", "said")
