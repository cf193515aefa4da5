"""What leaves this machine for Sentry; in processes of their own, since its client stays in one."""

import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from orchestrator import config
from orchestrator.exceptions import ConfigError
from tests.receivers import Receiver, receiving

ROOT = Path(__file__).parents[2]

DASHBOARD = """
from flask import request
from dashboard import gate
from dashboard.wsgi import app
from orchestrator import reports
def fails(target_id):
    typed = request.form["typed"]
    raise ValueError("at redis://:hunter2@cache\\n[parameters: " + typed + "]")
app.add_url_rule("/fails/<int:target_id>", "health.fails", fails, methods=["POST"])
gate.OPEN = gate.OPEN | {"health.fails"}
app.extensions["csrf"].exempt("__main__.fails")
app.test_client().post("/fails/7?q=question", data={"typed": "my body"},
                       headers={"Cookie": "session=crumbs", "Authorization": "Bearer shown"})
reports.flush()
"""

CRAWLER = """
import logging
from orchestrator import reports, subjects
subjects.are_known_by(lambda: {"job_id": "job-2", "target_id": 8})
reports.begin(reports.CRAWLER)
scraped = "what the page says"
try:
    raise KeyError(scraped)
except KeyError as error:
    reports.note(error)
logging.getLogger("my_spider").error(f"No price in {scraped}")
logging.getLogger("scrapy.core.scraper").error("Spider error processing %s", scraped)
for number in range(100):
    logging.getLogger("my_spider").error("Again %s", number)
reports.flush()
"""


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with receiving() as receiver:
        monkeypatch.setenv("KUMO_SENTRY_DSN", receiver.dsn)
        monkeypatch.setenv("KUMO_SECRET_KEY", "a secret that only tests know")
        yield receiver


def run(script: str) -> None:
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, timeout=60)


def test_an_error_of_the_dashboard_is_told_without_what_was_sent(receiver: Receiver) -> None:
    run(DASHBOARD)
    (event,) = receiver.events
    (error,) = event["exception"]["values"]
    assert error["type"] == "ValueError"
    assert error["value"] == "at redis://••••••@cache"
    assert error["stacktrace"]["frames"][-1]["function"] == "fails"
    assert event["tags"] == {"part": "dashboard", "target_id": "7"}
    for secret in ("hunter2", "my body", "crumbs", "Bearer", "question"):
        assert secret not in receiver.raw, secret


def test_of_a_crawl_no_scraped_text_is_told_and_not_a_million_errors(receiver: Receiver) -> None:
    run(CRAWLER)
    assert "what the page says" not in receiver.raw
    assert [event["exception"]["values"][0]["type"] for event in receiver.events[:1]] == [
        "KeyError"
    ]
    assert {event["tags"]["job_id"] for event in receiver.events} == {"job-2"}
    assert len(receiver.events) == 20
    messages = [event["logentry"]["message"] for event in receiver.events[1:3]]
    assert messages == ["An error was logged by my_spider.", "Spider error processing %s"]


def test_an_address_without_the_package_is_a_fault_that_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KUMO_SENTRY_DSN", "https://key@sentry.example/1")
    assert config.get().sentry_dsn
    monkeypatch.setattr(config, "find_spec", lambda name: None if "sentry" in name else find_spec)
    config.get.cache_clear()
    with pytest.raises(ConfigError, match=r"KUMO_SENTRY_DSN.*pip install 'kumo\[sentry\]'"):
        config.get()


def test_what_is_no_address_of_sentrys_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUMO_SENTRY_DSN", "https://sentry.example/")
    with pytest.raises(ConfigError, match="as Sentry shows it"):
        config.get()
