"""Windows, around midnight and around both jumps of the clock."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from orchestrator.exceptions import ScheduleInvalid
from orchestrator.ledger.windows import Window

BERLIN, TOKYO = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Tokyo")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
MINUTE = timedelta(minutes=1)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


def test_a_window_is_in_its_own_zone() -> None:
    window = Window.read("09:00-17:30", TOKYO)
    assert window.is_open(utc(2026, 5, 1, 0, 0))
    assert window.is_open(utc(2026, 5, 1, 8, 29, 59))
    assert not window.is_open(utc(2026, 5, 1, 8, 30))
    assert not window.is_open(utc(2026, 4, 30, 23, 59, 59))


def test_a_window_may_go_over_midnight() -> None:
    window = Window.read("22:00-06:00", BERLIN)
    midnight = datetime(2026, 5, 2, tzinfo=BERLIN)
    assert window.is_open(midnight)
    assert window.closing(midnight) == midnight + timedelta(hours=6)
    assert not window.is_open(midnight + timedelta(hours=6))
    noon = midnight + timedelta(hours=12)
    assert window.next_opening(noon) == midnight + timedelta(hours=22)


def test_the_next_opening_of_an_open_window_is_tomorrow() -> None:
    window = Window.read("22:00-06:00", TOKYO)
    opening = window.next_opening(utc(2026, 5, 1, 12))
    assert window.next_opening(opening) == opening + timedelta(days=1)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("22:00-06:00", "22:00-06:00"),
        (" 9:05 – 17:30 ", "09:05-17:30"),
        ("18:00-24:00", "18:00-00:00"),
        ("22：00～06：00", "22:00-06:00"),
        ("２２：００〜０６：００", "22:00-06:00"),
    ],
)
def test_a_window_is_read_as_people_type_it(typed: str, kept: str) -> None:
    assert str(Window.read(typed, TOKYO)) == kept


@pytest.mark.parametrize(
    "text", ["22:00", "22-6", "25:00-06:00", "22:60-06:00", "24:30-06:00", "at night", "1" * 99_999]
)
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(ScheduleInvalid):
        Window.read(text, TOKYO)


def test_a_window_that_opens_when_it_closes_is_refused() -> None:
    with pytest.raises(ScheduleInvalid, match="opens and closes at 06:00"):
        Window.read("06:00-6:00", TOKYO)


# Summer time begins in Berlin at 01:00 UTC, when 02:00 becomes 03:00, and ends at 01:00 UTC, when
# 03:00 becomes 02:00 again.

SPRING, AUTUMN = utc(2026, 3, 29, 1), utc(2026, 10, 25, 1)


def test_an_opening_that_the_clock_jumps_over_comes_right_after_the_jump() -> None:
    window = Window.read("02:30-05:00", BERLIN)
    assert window.next_opening(SPRING - timedelta(hours=3)) == SPRING
    assert not window.is_open(SPRING - MINUTE)
    assert window.is_open(SPRING)


def test_a_closing_that_the_clock_jumps_over_comes_right_after_the_jump() -> None:
    window = Window.read("22:00-02:30", BERLIN)
    assert window.is_open(SPRING - MINUTE)
    assert window.closing(SPRING - timedelta(hours=1)) == SPRING
    assert not window.is_open(SPRING)


def test_a_window_that_the_clock_jumps_over_whole_does_not_open_that_day() -> None:
    window = Window.read("02:10-02:50", BERLIN)
    assert window.next_opening(SPRING - timedelta(hours=3)) == utc(2026, 3, 30, 0, 10)
    assert not window.is_open(SPRING)


def test_an_opening_that_comes_twice_is_the_first_and_the_window_stays_open() -> None:
    window = Window.read("02:30-05:00", BERLIN)
    first = utc(2026, 10, 25, 0, 30)
    assert window.next_opening(AUTUMN - timedelta(hours=5)) == first
    minutes = range(int((window.closing(first) - first) / MINUTE))
    assert len(minutes) == 210
    assert all(window.is_open(first + minute * MINUTE) for minute in minutes)


def test_a_closing_that_comes_twice_is_the_first_and_the_window_stays_closed() -> None:
    window = Window.read("22:00-02:30", BERLIN)
    first = utc(2026, 10, 25, 0, 30)
    assert window.closing(utc(2026, 10, 24, 21)) == first
    assert not any(window.is_open(first + minute * MINUTE) for minute in range(120))


@pytest.mark.parametrize("text", ["22:00-06:00", "02:15-03:15", "01:30-02:15", "00:00-02:00"])
@pytest.mark.parametrize(
    ("zone", "noon"),
    [
        (BERLIN, SPRING - timedelta(hours=12)),
        (BERLIN, AUTUMN - timedelta(hours=12)),
        (LORD_HOWE, utc(2026, 4, 4, 3)),
        (LORD_HOWE, utc(2026, 10, 3, 3)),
    ],
)
def test_what_is_told_of_openings_and_closings_is_what_holds(
    text: str, zone: ZoneInfo, noon: datetime
) -> None:
    window = Window.read(text, zone)
    steps = [noon + 5 * MINUTE * step for step in range(12 * 36)]
    for before, after in pairwise(steps):
        if window.is_open(before):
            assert window.is_open(after) == (after < window.closing(before))
        else:
            assert window.is_open(after) == (after >= window.next_opening(before))


def test_what_comes_in_the_window_is_admitted_at_once() -> None:
    window, at = Window.read("22:00-06:00", TOKYO), utc(2026, 5, 1, 14)
    assert window.admit(at, late=MINUTE) == at


def test_what_comes_outside_is_admitted_at_the_opening_or_later_by_its_spread() -> None:
    window, at = Window.read("22:00-22:30", TOKYO), utc(2026, 5, 1, 2)
    opening = utc(2026, 5, 1, 13)
    assert window.admit(at) == opening
    assert window.admit(at, late=7 * MINUTE) == opening + 7 * MINUTE
    assert window.admit(at, late=30 * MINUTE) == opening
