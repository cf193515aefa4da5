from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from orchestrator.exceptions import ScheduleInvalid
from orchestrator.ledger import schedules

BERLIN, TOKYO, KOLKATA = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Tokyo"), ZoneInfo("Asia/Kolkata")
NEW_YORK = ZoneInfo("America/New_York")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


def occasions(cron: str, zone: ZoneInfo, after: datetime, before: datetime) -> list[datetime]:
    found = []
    while (after := schedules.next_occasion(cron, zone, after=after)) < before:
        found.append(after)
    return found


def test_an_occasion_is_in_its_own_zone_and_told_in_utc() -> None:
    found = schedules.next_occasion("0 0 * * *", TOKYO, after=utc(2026, 11, 22, 12))
    assert found == utc(2026, 11, 22, 15)
    assert found.tzinfo is UTC


def test_a_zone_may_be_half_an_hour_off() -> None:
    found = schedules.next_occasion("15 6 * * *", KOLKATA, after=utc(2026, 1, 1))
    assert found == utc(2026, 1, 1, 0, 45)


def test_the_next_occasion_is_later_than_an_occasion() -> None:
    midnight = utc(2026, 11, 22)
    found = schedules.next_occasion("0 0 * * *", ZoneInfo("UTC"), after=midnight)
    assert found == midnight + timedelta(days=1)


@pytest.mark.parametrize("seconds", [0, 1, 59, 60, 86_399])
def test_the_latest_occasion_is_at_or_before_the_moment(seconds: int) -> None:
    midnight = utc(2026, 11, 22)
    until = midnight + timedelta(seconds=seconds)
    assert schedules.latest_occasion("0 0 * * *", ZoneInfo("UTC"), until=until) == midnight


def test_the_latest_occasion_a_moment_earlier_is_the_one_before() -> None:
    until = utc(2026, 11, 22) - timedelta(microseconds=1)
    found = schedules.latest_occasion("0 0 * * *", ZoneInfo("UTC"), until=until)
    assert found == utc(2026, 11, 21)


@pytest.mark.parametrize("cron", ["30 2 * * *", "0 0 * * *", "*/20 * * * *", "0 */3 * * *"])
@pytest.mark.parametrize(("year", "month", "day"), [(2026, 3, 28), (2026, 10, 24)])
def test_latest_and_next_agree_around_a_jump_of_the_clock(
    cron: str, year: int, month: int, day: int
) -> None:
    start = utc(year, month, day)
    found = occasions(cron, BERLIN, start, start + timedelta(days=3))
    for before, after in pairwise(found):
        assert schedules.latest_occasion(cron, BERLIN, until=before) == before
        late = after - timedelta(seconds=1)
        assert schedules.latest_occasion(cron, BERLIN, until=late) == before


def test_a_time_that_the_clock_jumps_over_comes_right_after_the_jump() -> None:
    found = occasions("30 2 * * *", BERLIN, utc(2026, 3, 28, 12), utc(2026, 3, 30, 12))
    assert found == [utc(2026, 3, 29, 1), utc(2026, 3, 30, 0, 30)]


def test_a_time_that_comes_twice_happens_once() -> None:
    found = occasions("30 2 * * *", BERLIN, utc(2026, 10, 24, 12), utc(2026, 10, 26, 12))
    assert len(found) == 2
    assert found[0] in (utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1, 30))
    assert found[1] == utc(2026, 10, 26, 1, 30)


@pytest.mark.parametrize("minute", range(0, 60, 10))
def test_while_the_clock_shows_an_hour_again_its_occasions_have_been(minute: int) -> None:
    again, first = utc(2026, 10, 25, 1, minute), utc(2026, 10, 25, 0, 30)
    assert schedules.latest_occasion("30 2 * * *", BERLIN, until=again) == first
    following = schedules.next_occasion("30 2 * * *", BERLIN, after=again)
    assert following == utc(2026, 10, 26, 1, 30)
    assert schedules.upcoming("30 2 * * *", BERLIN, again, 1)[0].at == following


@pytest.mark.parametrize(("month", "day", "hours"), [(3, 29, 23), (10, 25, 25)])
def test_midnights_around_a_jump_are_one_each_night(month: int, day: int, hours: int) -> None:
    start = datetime(2026, month, day, tzinfo=BERLIN)
    found = occasions("0 0 * * *", BERLIN, start - timedelta(hours=36), start + timedelta(hours=60))
    assert start.astimezone(UTC) in found
    place = found.index(start.astimezone(UTC))
    assert found[place + 1] - found[place] == timedelta(hours=hours)
    assert len(found) == len({each.astimezone(BERLIN).date() for each in found})


def test_a_leap_day_comes_every_four_years() -> None:
    found = schedules.next_occasion("0 0 29 2 *", ZoneInfo("UTC"), after=utc(2026, 1, 1))
    assert found == utc(2028, 2, 29)


@pytest.mark.parametrize("cron", ["0 0 30 2 *", "0 0 31 4,6,9,11 *"])
def test_a_date_that_never_comes_is_refused(cron: str) -> None:
    with pytest.raises(ScheduleInvalid, match=r"never comes|no cron line"):
        schedules.check(cron)


@pytest.mark.parametrize(
    "cron",
    [
        "",
        "midnight",
        "@daily",
        "* * * *",
        "* * * * * *",
        "60 0 * * *",
        "0 24 * * *",
        "0 0 0 * *",
        "0 0 * 13 *",
        "0 0 * * 8",
        "*/0 * * * *",
        "5-1 * * * *",
        "a b c d e",
        "0 0 * * *; rm",
        "٣ 0 * * *",
        "\0 0 * * *",
        "1" * 5_000 + " 0 * * *",
    ],
)
def test_what_is_no_cron_line_is_refused(cron: str) -> None:
    with pytest.raises(ScheduleInvalid, match="no cron line"):
        schedules.check(cron)


@pytest.mark.parametrize(
    "cron", ["0 0 * * *", "*/5 * * * *", "0 9-17 * * mon-fri", "0 0 1 jan *", "0 0 * * 0,7"]
)
def test_a_cron_line_is_kept(cron: str) -> None:
    assert schedules.check(cron) == cron


def test_blanks_in_a_cron_line_are_made_single() -> None:
    assert schedules.check("  0   0 *\t* * ") == "0 0 * * *"


def test_the_upcoming_occasions_are_the_next_ones() -> None:
    found = schedules.upcoming("30 3 * * *", TOKYO, utc(2026, 11, 22, 18, 30), 3)
    assert [each.at for each in found] == [utc(2026, 11, day, 18, 30) for day in (23, 24, 25)]
    assert not any(each.moved or each.clocks for each in found)


BEFORE_JUMPS = [
    (BERLIN, utc(2026, 3, 28, 12), [(utc(2026, 3, 29, 1), 1, True)]),
    (BERLIN, utc(2026, 10, 24, 12), [(utc(2026, 10, 25, 0, 30), 0, False)]),
    (BERLIN, utc(2026, 10, 25, 12), [(utc(2026, 10, 26, 1, 30), 0, False)]),
    (NEW_YORK, utc(2026, 3, 7, 12), [(utc(2026, 3, 8, 7), 1, True)]),
]


@pytest.mark.parametrize(("zone", "after", "expected"), BEFORE_JUMPS)
def test_an_occasion_says_that_a_jump_of_the_clock_moved_it(
    zone: ZoneInfo, after: datetime, expected: list[tuple[datetime, int, bool]]
) -> None:
    found = schedules.upcoming("30 2 * * *", zone, after, 1)
    assert [(o.at, o.clocks // timedelta(hours=1), o.moved) for o in found] == expected


def test_the_clocks_go_forward_once_in_march() -> None:
    found = schedules.upcoming("30 2 * * *", BERLIN, utc(2026, 3, 27), 5)
    assert [each.clocks / timedelta(hours=1) for each in found] == [0, 0, 1, 0, 0]
    assert [each.moved for each in found] == [False, False, True, False, False]


@pytest.mark.parametrize(
    ("cron", "zone", "after"),
    [
        ("30 2 * * *", BERLIN, utc(2026, 10, 24, 12)),
        ("30 1 * * *", NEW_YORK, utc(2026, 10, 31, 12)),
    ],
)
def test_the_clocks_go_back_once_in_autumn(cron: str, zone: ZoneInfo, after: datetime) -> None:
    found = schedules.upcoming(cron, zone, after, 4)
    assert [each.clocks / timedelta(hours=1) for each in found] == [0, -1, 0, 0]
    assert not any(each.moved for each in found)


def test_an_hour_that_comes_twice_has_a_frequent_schedule_twice() -> None:
    found = schedules.upcoming("*/30 * * * *", BERLIN, utc(2026, 10, 24, 23, 50), 5)
    times = [each.at.astimezone(BERLIN).strftime("%H:%M") for each in found]
    assert times == ["02:00", "02:30", "02:00", "02:30", "03:00"]
    assert [each.clocks / timedelta(hours=1) for each in found] == [0, 0, -1, 0, 0]


def test_the_first_occasion_knows_whether_clocks_change_until_then() -> None:
    found = schedules.upcoming("0 12 * * *", BERLIN, utc(2026, 10, 24, 20), 1)
    assert [each.clocks for each in found] == [timedelta(hours=-1)]


def test_upcoming_of_what_is_no_cron_line_is_refused() -> None:
    with pytest.raises(ScheduleInvalid, match="no cron line"):
        schedules.upcoming("soon", BERLIN, utc(2026, 1, 1), 10)


@pytest.mark.parametrize("name", ["Mars/Base", "", "../../etc/passwd", "\0", "x" * 9_000])
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(ScheduleInvalid, match="no time zone") as raised:
        schedules.zone(name)
    assert len(str(raised.value)) < 500
