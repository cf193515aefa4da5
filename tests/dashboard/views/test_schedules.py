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
