from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from dashboard.statistics import grouped, spared


@pytest.fixture(autouse=True)
def _request(app: Flask) -> Iterator[None]:
    with app.test_request_context():
        yield


def told(**stats: Any) -> dict[str, list[tuple[str, str]]]:
    return {group.name: group.rows for group in grouped(stats)}


def test_known_statistics_are_named_and_written_by_their_kind() -> None:
    stats: dict[str, Any] = {
        "downloader/request_count": 1_234,
        "downloader/response_bytes": 1_234_567,
        "downloader/response_status_count/404": 3,
        "elapsed_time_seconds": 125.4,
        "start_time": "2026-11-23 01:58:45.123456+00:00",
        "items_per_minute": 430.21,
    }
    groups = told(**stats)
    assert groups["Requests and answers"] == [
        ("Requests sent", "1,234"),
        ("Answers with status 404", "3"),
        ("Received", "1.2 MB"),
    ]
    assert ("Took", "2 min 5 s") in groups["Time and memory"]
    assert ("Began", "2026-11-23 01:58:45 UTC") in groups["Time and memory"]
    assert groups["Items"] == [("Items a minute", "430.2")]


def test_groups_without_statistics_are_left_out() -> None:
    assert told() == {}
    assert list(told(item_scraped_count=1)) == ["Items"]


def test_unknown_statistics_come_last_under_their_own_name() -> None:
    groups = told(my_count=1_234_567, item_scraped_count=1, ratio=0.123456789, flag=True)
    assert list(groups) == ["Items", "Other"]
    assert groups["Other"] == [("flag", "True"), ("my_count", "1,234,567"), ("ratio", "0.123457")]


def test_a_value_of_another_kind_than_expected_is_shown_as_it_is() -> None:
    groups = told(item_scraped_count="many", elapsed_time_seconds=None, start_time="never")
    assert groups["Items"] == [("Items handed over", "many")]
    assert ("Began", "never") in groups["Time and memory"]


def test_statistics_without_end_are_cut() -> None:
    groups = told(**{f"n{number}": "x" * 9_000 for number in range(9_000)})
    assert len(groups["Other"]) == 300
    assert all(len(value) == 200 for _, value in groups["Other"])


def test_what_the_cache_was_good_for_is_a_sentence() -> None:
    stats = {
        "response_received_count": 1_235,
        "kumo/cache_unchanged": 1_234,
        "kumo/cache_saved_bytes": 5_300_000,
    }
    assert spared(stats) == (
        "1,234 of 1,235 pages were unchanged and not sent again: 5.3 MB saved."
    )
    assert ("Not sent again", "5.3 MB") in told(**stats)["Requests and answers"]


@pytest.mark.parametrize("unchanged", [0, "many", None, float("inf")])
def test_a_crawl_without_unchanged_pages_says_nothing_of_them(unchanged: Any) -> None:
    assert spared({"kumo/cache_unchanged": unchanged}) is None
    assert spared({}) is None
