"""What Celery is told, as far as the promises rest on it."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from celery.schedules import crontab

from orchestrator.celery import app

ROOT = Path(__file__).parents[2]

# Celery reads its settings once, from whatever Redis is known then.
pytestmark = pytest.mark.usefixtures("bells")


@pytest.fixture
def tasks() -> set[str]:
    app.loader.import_default_modules()
    return {name for name in app.tasks if not name.startswith("celery.")}


def test_the_tasks_are_these(tasks: set[str]) -> None:
    prefix = "orchestrator.tasks."
    assert tasks == {
        prefix + name
        for name in (
            "scrape_target",
            "scrape_all_active_targets",
            "batch_scrape_targets",
            "cleanup_old_data",
            "deliver_alerts",
            "diagnose_field",
            "index_items",
            "list_items",
            "look_at_page",
            "sweep",
        )
    }


def test_messages_are_json_and_nothing_else() -> None:
    conf = app.conf
    assert conf.accept_content == conf.result_accept_content == ["json"]
    assert conf.task_serializer == conf.result_serializer == "json"


def test_only_crawls_go_to_the_queue_of_crawls(tasks: set[str]) -> None:
    queues = {name: app.amqp.router.route({}, name)["queue"].name for name in tasks}
    assert [name for name, queue in queues.items() if queue == "crawls"] == [
        "orchestrator.tasks.scrape_target"
    ]
    assert set(queues.values()) == {"crawls", "control"}


def test_every_beat_names_a_task_that_there_is(tasks: set[str]) -> None:
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= tasks


def test_the_weekly_clean_up_is_on_monday_at_two_and_the_least_urgent() -> None:
    weekly = app.conf.beat_schedule["weekly-clean-up"]
    assert weekly["schedule"] == crontab(minute="0", hour="2", day_of_week="1")
    # For how long what is kept says the configuration of whoever cleans up.
    assert "args" not in weekly
    assert weekly["options"]["priority"] == 9


def test_the_nightly_crawl_follows_the_configured_line_and_zone() -> None:
    said = _configured(KUMO_NIGHTLY="30 1 * * *", KUMO_TIMEZONE="Asia/Tokyo")
    assert said == "Asia/Tokyo {1} {30} {'nightly': True}"


def _configured(**environment: str) -> str:
    code = """
        from orchestrator.celery import app
        nightly = app.conf.beat_schedule["nightly"]
        schedule = nightly["schedule"]
        print(app.conf.timezone, schedule.hour, schedule.minute, nightly["kwargs"])
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=ROOT,
        env=os.environ | {"REDIS_URL": "redis://127.0.0.1:1/0"} | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return ended.stdout.strip()
