from datetime import UTC, datetime, timedelta

import pytest

from dashboard import charts

START = datetime(2026, 3, 1, tzinfo=UTC)


def hourly(*values: float | None) -> list[tuple[datetime, float | None]]:
    return [(START + timedelta(hours=at), value) for at, value in enumerate(values)]


def test_bars_stand_beside_each_other_within_the_picture() -> None:
    for count in (1, 2, 60):
        chart = charts.of(hourly(*range(count)))
        assert all(
            chart.bar / 2 <= point.x <= charts.WIDTH - chart.bar / 2 for point in chart.points
        )
        gaps = [b.x - a.x for a, b in zip(chart.points, chart.points[1:], strict=False)]
        assert all(gap >= chart.bar for gap in gaps)


def test_heights_are_in_proportion_to_values() -> None:
    chart = charts.of(hourly(0, 5, 10))
    assert chart.top == 10
    assert [point.y for point in chart.points] == [charts.HEIGHT, charts.HEIGHT / 2, 0]


@pytest.mark.parametrize(
    ("greatest", "top"), [(0, 1), (0.3, 0.3), (1, 1), (1_200, 1_500), (9.5, 10), (61, 80)]
)
def test_an_axis_ends_at_a_number_that_reads_easily(greatest: float, top: float) -> None:
    assert charts.of(hourly(greatest)).top == pytest.approx(top)


def test_a_missing_value_leaves_its_place_empty_and_breaks_the_line() -> None:
    chart = charts.of(hourly(1, None, 2, 3))
    assert [point.value for point in chart.points] == [1, 2, 3]
    assert chart.points[1].x - chart.points[0].x == pytest.approx(charts.WIDTH / 2)
    assert chart.path.count("M") == 2


def test_nothing_gives_an_empty_picture() -> None:
    for chart in (charts.of([]), charts.of(hourly(None, None))):
        assert not chart.points
        assert chart.path == ""


def test_a_line_as_large_as_a_word_needs_two_values() -> None:
    assert charts.spark([]) == charts.spark([5]) == charts.spark([None, 5]) == ""
    assert charts.spark([1, None, 2]) == "0,22.0 120,2.0"
    assert charts.spark([7, 7]) == "0,12.0 120,12.0"


def days(*values: str | None) -> list[tuple[datetime, str | None]]:
    return [(START + timedelta(days=at), value) for at, value in enumerate(values)]


def test_steps_are_as_wide_as_they_lasted_and_between_the_least_and_the_most() -> None:
    series = [(START, "10"), (START + timedelta(days=1), "30"), (START + timedelta(days=3), "20")]
    chart = charts.steps(series, START + timedelta(days=4))
    assert [step.width for step in chart.steps] == [150, 300, 150]
    assert (chart.least, chart.most) == ("10", "30")
    assert chart.path == "M0.0 144H150.0V16H450.0V80H600.0"


def test_a_time_without_a_number_breaks_the_steps() -> None:
    chart = charts.steps(days("1", None, "-2.50"), START + timedelta(days=3))
    assert [step.told for step in chart.steps] == ["1", "-2.50"]
    assert chart.path.count("M") == 2
    assert (chart.least, chart.most) == ("-2.50", "1")
