"""Charts as numbers: where the points of a small picture lie, which the templates draw as SVG.

Drawn on the server, since no inline script or style may run here and a page has its charts without
any script at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import floor, log10

from markupsafe import Markup, escape

from dashboard import times
from dashboard.words import number, size

#: In units of the picture; it is stretched to the room it has.
WIDTH, HEIGHT = 600, 160
_SPARK_WIDTH, _SPARK_HEIGHT = 120, 24
_WIDEST_BAR = 24


@dataclass(frozen=True, slots=True)
class Point:
    """A value at its place."""

    x: float
    y: float
    at: datetime
    value: float


@dataclass(frozen=True, slots=True)
class Chart:
    """What a template needs to draw a line or bars over time."""

    points: Sequence[Point]
    #: The line as SVG writes it; it is broken where a value is missing.
    path: str
    #: The same, closed along the bottom.
    area: str
    #: The greatest value of the axis, a round number.
    top: float
    #: The width of a bar.
    bar: float
    width: int = WIDTH
    height: int = HEIGHT


def of(series: Sequence[tuple[datetime, float | None]]) -> Chart:
    """One value beside the other, oldest first; a missing value leaves its place empty."""
    room = WIDTH / max(len(series), 1)
    return _chart([(room * (place + 0.5), *each) for place, each in enumerate(series)], room)


@dataclass(frozen=True, slots=True)
class Step:
    """A value and how long it lasted."""

    x: float
    width: float
    since: datetime
    #: As it is to be told.
    told: str


@dataclass(frozen=True, slots=True)
class Steps:
    """What a template needs to draw a value that stays until it changes."""

    steps: Sequence[Step]
    #: The line as SVG writes it; it is broken where there was no value.
    path: str
    least: str
    most: str
    until: datetime
    width: int = WIDTH
    height: int = HEIGHT


def steps(series: Sequence[tuple[datetime, str | None]], until: datetime) -> Steps:
    """Since when a number was what, oldest first; the last one holds `until`.

    The least is near the bottom, the most near the top: a price says little beside zero.
    """
    began = series[0][0]
    span = max((until - began).total_seconds(), 1)
    ends = [*(since for since, _ in series[1:]), until]
    numbers = sorted((float(told), told) for _, told in series if told is not None)
    least, most = numbers[0], numbers[-1]
    made, path, level = [], "", None
    for (since, told), end in zip(series, ends, strict=True):
        left, right = (WIDTH * (at - began).total_seconds() / span for at in (since, end))
        if told is not None:
            made.append(Step(round(left, 1), round(max(right - left, 1), 1), since, told))
            y = _between(float(told), least[0], most[0])
            path += f"V{y:g}" if level is not None else f"M{left:.1f} {y:g}"
            path += f"H{right:.1f}"
        level = told
    return Steps(made, path, least[1], most[1], until)


def _between(value: float, least: float, most: float) -> float:
    share = (value - least) / (most - least) if most > least else 0.5
    return round(HEIGHT * (0.9 - 0.8 * share), 1)


def known(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def spark(values: Sequence[float | None]) -> str:
    """The points of a line as large as a word, oldest first; empty of fewer than two values."""
    if len(found := known(values)) < 2:
        return ""
    least, span = min(found), max(found) - min(found)
    step = _SPARK_WIDTH / (len(values) - 1)
    room = _SPARK_HEIGHT - 4
    return " ".join(
        f"{place * step:.0f},{2 + room * (1 - (value - least) / span if span else 0.5):.1f}"
        for place, value in enumerate(values)
        if value is not None
    )


def charted(value: float, words: str) -> str:
    """A value as a chart writes it; `words`: number, size or seconds."""
    if words == "size":
        return size(int(value))
    if words == "seconds":
        return times.span(value)
    return str(round(value, 1)) if value < 10 and value != int(value) else number(round(value))


def spots(chart: Chart, kind: str, words: str) -> Markup:
    """Every point as a bar, or as a place to point at, that tells its time and value."""
    return Markup("\n").join(_spot(chart, point, kind, words) for point in chart.points)


def _spot(chart: Chart, point: Point, kind: str, words: str) -> Markup:
    bars = kind == "bars"
    top, height = (point.y, chart.height - point.y) if bars else (0, chart.height)
    place = f'x="{max(point.x - chart.bar / 2, 0)}" y="{top}"'
    extent = f'width="{chart.bar}" height="{height}"'
    told = escape(f"{times.exact(point.at)}: {charted(point.value, words)}")
    name = "chart-bar" if bars else "chart-spot"
    return Markup(f'<rect class="{name}" {place} {extent}><title>{told}</title></rect>')  # noqa: S704  # numbers


def _chart(placed: Sequence[tuple[float, datetime, float | None]], room: float) -> Chart:
    top = _round_up(max((value for _, _, value in placed if value is not None), default=0))
    runs: list[list[Point]] = [[]]
    for x, at, value in placed:
        if value is None:
            runs.append([])
        else:
            runs[-1].append(Point(round(x, 1), _height(value, top), at, value))
    runs = [run for run in runs if run]
    return Chart(
        [point for run in runs for point in run],
        "".join(map(_line, runs)),
        "".join(map(_closed, runs)),
        top,
        bar=round(min(room * 0.7, _WIDEST_BAR), 1),
    )


def _height(value: float, top: float) -> float:
    return round(HEIGHT * (1 - value / top), 1)


def _line(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{point.x:g} {point.y:g}" for point in points)


def _closed(points: Sequence[Point]) -> str:
    return f"{_line(points)}L{points[-1].x:g} {HEIGHT}L{points[0].x:g} {HEIGHT}Z"


def _round_up(value: float) -> float:
    """The next number that reads easily beside an axis."""
    if value <= 0:
        return 1.0
    unit = 10.0 ** floor(log10(value))
    return next(step * unit for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * unit >= value)
