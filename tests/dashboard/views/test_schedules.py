import pytest

from tests.dashboard.conftest import Browser


def preview(browser: Browser, **asked: str) -> str:
    answer = browser.get("/schedules/preview", query_string=asked)
    assert answer.status_code == 200
    return answer.text


def test_a_schedule_is_told_with_its_next_ten_times(viewer: Browser) -> None:
    page = preview(viewer, cron="30 3 * * *", zone="Asia/Tokyo")
    assert "Every day at 03:30 (Asia/Tokyo)" in page
    assert page.count(", 03:30</time>") == 10
    assert "<html" not in page


def test_an_empty_line_is_the_nightly_default_in_its_own_zone(viewer: Browser) -> None:
    assert "The nightly default: Every day at 00:00 (UTC)" in preview(viewer, zone="Asia/Tokyo")


@pytest.mark.parametrize(
    ("cron", "zone", "fault"),
    [
        ("soon", "", "is no cron line"),
        ("0 0 30 2 *", "", "is no cron line"),
        ("0 0 * * *", "Mars/Base", "is no time zone"),
        ("", "\0", "is no time zone"),
        ("\0" * 9, "", "is no cron line"),
        ("<script>", "", "is no cron line"),
        ("9" * 9_000, "9" * 9_000, "is no time zone"),
    ],
)
def test_what_is_wrong_is_told_in_its_place(
    viewer: Browser, cron: str, zone: str, fault: str
) -> None:
    page = preview(viewer, cron=cron, zone=zone)
    assert fault in page
    assert "<script>" not in page
    assert len(page) < 1_000


def test_a_jump_of_the_clocks_is_told_in_words(viewer: Browser) -> None:
    in_march = preview(viewer, cron="30 2 25-31 3 *", zone="Europe/Berlin")
    assert in_march.count("The clocks jump forward over the time it should run") >= 1
    all_of_october = preview(viewer, cron="30 12 24-31 10 *", zone="Europe/Berlin")
    assert "The clocks go back by 1 h before this one." in all_of_october
    assert "The clocks" not in preview(viewer, cron="30 2 25-31 3 *", zone="Asia/Tokyo")


def test_a_closed_window_says_when_each_crawl_starts_instead(viewer: Browser) -> None:
    page = preview(viewer, cron="0 12 * * *", zone="Asia/Tokyo", window="22:00-06:00")
    assert "crawled from 22:00 to 06:00 (Asia/Tokyo) only" in page
    assert page.count("Its window is closed then; it starts ") == 10
    assert page.count(", 22:00.") == 10
    assert "is closed then" not in preview(viewer, cron="0 3 * * *", window="22:00-06:00")


def test_a_spread_is_told_and_where_in_it_a_target_starts(viewer: Browser) -> None:
    new = preview(viewer, cron="0 3 * * *", spread="600")
    assert "Scheduled starts are spread over 10 min" in new
    assert "later." not in new
    assert preview(viewer, cron="0 3 * * *", spread="600", target="7").count("It starts ") >= 9
    assert "spread over" not in preview(viewer, cron="0 3 * * *", spread="0")


def test_what_is_typed_halfway_is_no_fault_of_the_preview(viewer: Browser) -> None:
    page = preview(viewer, cron="0 3 * * *", spread="1x", target="x")
    assert "Every day at 03:00" in page
    assert "is no window" in preview(viewer, cron="0 3 * * *", window="22:0")
