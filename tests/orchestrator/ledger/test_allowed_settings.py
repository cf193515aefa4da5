from typing import Any

import pytest
from scrapy.settings import default_settings

from orchestrator.ledger.allowed_settings import ALLOWED, Bounds, faults, from_text
from spiders_project import settings

NUMBERS = {name: each for name, each in ALLOWED.items() if each.kind in (int, float)}


def wrong(name: str, value: Any) -> bool:
    found = faults({name: value})
    assert all(name in fault for fault in found)
    return bool(found)


@pytest.mark.parametrize("name", ALLOWED)
def test_an_allowed_setting_is_one_that_scrapy_or_kumo_reads(name: str) -> None:
    assert hasattr(settings if name.startswith("KUMO_") else default_settings, name)


@pytest.mark.parametrize(("name", "bounds"), NUMBERS.items())
def test_a_number_is_held_within_its_bounds(name: str, bounds: Bounds) -> None:
    least, greatest = (bounds.kind(bound) for bound in (bounds.least, bounds.greatest))
    assert not wrong(name, least)
    assert not wrong(name, greatest)
    for value in (least - 1, greatest + 1, float("nan"), float("inf"), 10**400):
        assert wrong(name, value)


@pytest.mark.parametrize("name", ALLOWED)
@pytest.mark.parametrize("value", [None, {}, "\ud800", "a\nb", "\0", object(), b"1", [None]])
def test_a_value_of_another_kind_is_refused(name: str, value: Any) -> None:
    assert wrong(name, value)


@pytest.mark.parametrize("name", NUMBERS)
def test_true_is_no_number(name: str) -> None:
    assert wrong(name, True)


@pytest.mark.parametrize(
    "name",
    [
        "ITEM_PIPELINES",
        "SPIDER_MIDDLEWARES",
        "DOWNLOADER_MIDDLEWARES",
        "EXTENSIONS",
        "SCHEDULER",
        "FEEDS",
        "FILES_STORE",
        "LOG_FILE",
        "TELNETCONSOLE_ENABLED",
        "TELNETCONSOLE_PORT",
        "HTTPCACHE_DIR",
        "JOBDIR",
        "DOWNLOAD_HANDLERS",
        "TWISTED_REACTOR",
        "ADDONS",
        "robotstxt_obey",
        " ROBOTSTXT_OBEY",
        "",
    ],
)
def test_nothing_that_loads_writes_or_opens_can_be_set(name: str) -> None:
    (fault,) = faults({name: True})
    assert "cannot be set by a target" in fault


def test_the_least_of_a_log_must_be_a_level() -> None:
    assert not wrong("LOG_LEVEL", "WARNING")
    assert wrong("LOG_LEVEL", "BANANA")


def test_a_user_agent_is_one_line_of_bounded_length() -> None:
    assert not wrong("USER_AGENT", "x" * 500)
    assert wrong("USER_AGENT", "x" * 501)
    assert wrong("USER_AGENT", "x\r\nCookie: y")


def test_a_list_is_bounded_in_length_and_in_each_number() -> None:
    assert not wrong("RETRY_HTTP_CODES", [])
    assert not wrong("RETRY_HTTP_CODES", [500] * 50)
    assert wrong("RETRY_HTTP_CODES", [500] * 51)
    assert wrong("RETRY_HTTP_CODES", [500, 42])
    assert wrong("RETRY_HTTP_CODES", [500, "503"])


def test_each_fault_has_its_own_sentence() -> None:
    assert len(faults({"COOKIES_ENABLED": 1, "FEEDS": {}, "RETRY_TIMES": 3})) == 2


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("COOKIES_ENABLED", "False", False),
        ("ROBOTSTXT_OBEY", "1", True),
        ("CONCURRENT_REQUESTS", " 4", 4),
        ("DOWNLOAD_DELAY", "0.25", 0.25),
        ("RETRY_HTTP_CODES", "[500, 503]", [500, 503]),
        ("LOG_LEVEL", "INFO", "INFO"),
        ("CONCURRENT_REQUESTS", "many", "many"),
        ("COOKIES_ENABLED", "maybe", "maybe"),
        ("FEEDS", "{}", "{}"),
    ],
)
def test_a_text_is_read_as_scrapy_would(name: str, text: str, value: Any) -> None:
    found = from_text(name, text)
    assert found == value
    assert type(found) is type(value)
