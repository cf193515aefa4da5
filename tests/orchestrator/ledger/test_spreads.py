from collections import Counter
from datetime import UTC, datetime, timedelta, timezone

import pytest

from orchestrator.ledger import spreads

MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def test_five_hundred_targets_of_one_midnight_begin_all_over_the_spread() -> None:
    waits = [spreads.wait(n, MIDNIGHT, within=600).total_seconds() for n in range(500)]
    assert min(waits) >= 0
    assert max(waits) < 600
    assert max(Counter(waits).values()) <= 6
    assert all(30 <= sum(m <= w < m + 60 for w in waits) <= 75 for m in range(0, 600, 60))


def test_the_wait_is_the_same_each_time_and_in_every_zone() -> None:
    tokyo = MIDNIGHT.astimezone(timezone(timedelta(hours=9)))
    assert spreads.wait(7, MIDNIGHT, within=600) == spreads.wait(7, tokyo, within=600)
    # As a figure: a release that changed it would belie what people were told.
    assert spreads.wait(7, MIDNIGHT, within=600) == timedelta(seconds=159)


def test_no_target_is_always_the_last() -> None:
    waits = {spreads.wait(7, MIDNIGHT + n * DAY, within=600) for n in range(30)}
    assert len(waits) > 20


def test_without_a_spread_nothing_waits() -> None:
    assert spreads.wait(7, MIDNIGHT, within=0) == timedelta()


@pytest.mark.parametrize(
    ("own", "gap", "expected"),
    [
        (None, DAY, 600),
        (None, HOUR, 360),
        (None, timedelta(minutes=1), 6),
        (0, DAY, 0),
        (7_200, DAY, 7_200),
        (7_200, HOUR, 3_600),
    ],
)
def test_a_spread_ends_before_the_next_occasion(
    own: int | None, gap: timedelta, expected: int
) -> None:
    assert spreads.width(own, 600, gap) == expected
