from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from dashboard import times
from dashboard.languages import LANGUAGE_COOKIE, ZONE_COOKIE


@pytest.mark.parametrize(
    ("seconds", "shown", "rough"),
    [
        (0, "0 s", "0 s"),
        (0.9, "0 s", "0 s"),
        (12, "12 s", "12 s"),
        (60, "1 min", "1 min"),
        (185, "3 min 5 s", "3 min"),
        (7_200, "2 h", "2 h"),
        (86_400 + 59, "1 d", "1 d"),
        (2 * 86_400 + 4 * 3_600 + 9, "2 d 4 h", "2 d"),
    ],
)
def test_durations_are_told_in_their_largest_units(seconds: float, shown: str, rough: str) -> None:
    assert times.duration(timedelta(seconds=seconds)) == shown
    assert times.rough(timedelta(seconds=seconds)) == rough
    assert times.rough(-timedelta(seconds=seconds)) == rough


def test_a_clock_that_is_ahead_gives_no_negative_duration() -> None:
    assert times.duration(timedelta(seconds=-3)) == "0 s"


@contextmanager
def reading(app: Flask, zone: str = "", language: str = "en") -> Iterator[None]:
    cookies = f"{ZONE_COOKIE}={zone}; {LANGUAGE_COOKIE}={language}"
    with app.test_request_context(headers={"Cookie": cookies}):
        yield


def test_in_japanese_no_space_is_between_the_units_of_a_duration(app: Flask) -> None:
    with reading(app, language="ja"):
        assert times.duration(timedelta(seconds=185)) == "3分5秒"


def test_the_exact_time_is_the_readers_and_names_its_zone(app: Flask) -> None:
    at = datetime(2026, 3, 1, 4, 5, 6, tzinfo=UTC)
    with reading(app):
        assert times.exact(at) == "2026-03-01 04:05:06 UTC"
    with reading(app, "Asia/Tokyo"):
        assert times.exact(at) == "2026-03-01 13:05:06 JST"
    with reading(app, "../../etc/passwd"):
        assert times.exact(at) == "2026-03-01 04:05:06 UTC"


def test_days_are_told_from_where_the_reader_stands(app: Flask) -> None:
    now = datetime.now(UTC)
    with reading(app, "Asia/Tokyo"):
        assert times.day(now) == "today"
        assert times.day(now + timedelta(days=1)) == "tomorrow"
        assert times.day(now - timedelta(days=1)) == "yesterday"
        assert times.day(now + timedelta(days=3)).endswith("day")
        assert times.day(datetime(2020, 5, 1, 20, tzinfo=UTC)) == "2 May 2020"
