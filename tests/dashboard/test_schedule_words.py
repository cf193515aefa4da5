from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask_babel import Babel, force_locale

from dashboard import languages, schedule_words
from orchestrator.ledger import schedules


@pytest.fixture(autouse=True)
def reader() -> Iterator[None]:
    """Somebody who reads English."""
    app = Flask("dashboard")
    Babel(app, default_locale="en")
    with app.test_request_context():
        yield


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("* * * * *", "Every minute"),
        ("*/5 * * * *", "Every 5 minutes"),
        ("7 * * * *", "Every hour, at :07"),
        ("0 */6 * * *", "Every 6 hours from 00:00 on"),
        ("15 */12 * * *", "Every 12 hours from 00:15 on"),
        ("30 3 * * *", "Every day at 03:30"),
        ("5 21,9 * * *", "Every day at 09:05 and 21:05"),
        ("0 9,12,18 * * *", "Every day at 09:00, 12:00, and 18:00"),
        ("30 3 * * mon", "Every Monday at 03:30"),
        ("30 3 * * 0", "Every Sunday at 03:30"),
        ("30 3 * * 7", "Every Sunday at 03:30"),
        ("0 8 * * 1-3", "Every Monday, Tuesday, and Wednesday at 08:00"),
        ("0 8 * * sat,SUN", "Every Saturday and Sunday at 08:00"),
        ("0 4 1 * *", "On day 1 of each month, at 04:00"),
        ("0 4 31 * *", "On day 31 of each month that has one, at 04:00"),
    ],
)
def test_a_common_schedule_has_a_sentence(line: str, sentence: str) -> None:
    assert schedules.check(line) == line
    assert schedule_words.cron(line) == sentence


OTHERS = [
    "*/7 * * * *",
    "0 */5 * * *",
    "0 0 1 jan *",
    "0 0 1 * mon",
    "0 9-17 * * mon-fri",
    "0 0 * * 1#2",
    "0 0 * * 5L",
    "0 0 L * *",
    "0 0 1,15 * *",
    "0,30 3 * * *",
    "0 0 * * */2",
    "0 8 * * 1-5/2",
]


@pytest.mark.parametrize("line", OTHERS)
def test_a_rare_schedule_is_explained_in_english_and_shown_as_it_is_in_japanese(line: str) -> None:
    assert schedules.check(line) == line
    assert schedule_words.cron(line)[0].isupper()
    with force_locale("ja"):
        assert languages.current() == "ja"
        assert schedule_words.cron(line) == line


def test_the_clock_shown_is_that_of_the_zone() -> None:
    at = datetime(2026, 11, 23, 20, 30, tzinfo=UTC)
    assert schedule_words.there(at, ZoneInfo("Asia/Tokyo")) == "Tue 24 Nov 2026, 05:30"
