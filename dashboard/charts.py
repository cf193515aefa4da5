"""Charts as numbers: where the points of a small picture lie, which the templates draw as SVG.

Drawn on the server, since no inline script or style may run here and a page has its charts without
any script at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import floor, log10

#: In units of the picture; it is stretched to the room it has.
WIDTH, HEIGHT = 600, 160
_SPARK_WIDTH, _SPARK_HEIGHT = 120, 24


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

    @property
    def middle(self) -> float:
        return self.top / 2


def of(series: Sequence[tuple[datetime, float | None]]) -> Chart:
    """Values by time, oldest first; a missing value breaks the line."""
    top = _round_up(max((value for _, value in series if value is not None), default=0))
    steps = max(len(series) - 1, 1)
    runs: list[list[Point]] = [[]]
    for place, (at, value) in enumerate(series):
        if value is None:
            runs.append([])
            continue
        x = WIDTH * (place / steps if len(series) > 1 else 0.5)
        runs[-1].append(Point(round(x, 1), _height(value, top), at, value))
    runs = [run for run in runs if run]
    return Chart(
        [point for run in runs for point in run],
        "".join(map(_line, runs)),
        "".join(map(_closed, runs)),
        top,
        bar=round(WIDTH / max(len(series), 1) * 0.7, 1),
    )


def over_time(series: Sequence[tuple[datetime, float]]) -> Chart:
    """Likewise, but with the moments at their true distances."""
    chart = of(series)
    if len(series) < 2:
        return chart
    first, last = series[0][0], series[-1][0]
    span = (last - first).total_seconds() or 1
    points = [
        Point(
            round(WIDTH * (point.at - first).total_seconds() / span, 1),
            point.y,
            point.at,
            point.value,
        )
        for point in chart.points
    ]
    return Chart(points, _line(points), _closed(points), chart.top, bar=chart.bar)


def spark(values: Sequence[float | None]) -> str:
    """The points of a line as large as a word, oldest first; empty of fewer than two values."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return ""
    least, span = min(known), (max(known) - min(known)) or 1
    step = _SPARK_WIDTH / (len(values) - 1)
    room = _SPARK_HEIGHT - 4
    return " ".join(
        f"{place * step:.0f},{2 + room - (value - least) / span * room:.1f}"
        for place, value in enumerate(values)
        if value is not None
    )


def _height(value: float, top: float) -> float:
    return round(HEIGHT * (1 - value / top), 1)


def _line(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{point.x:g} {point.y:g}" for point in points)


def _closed(points: Sequence[Point]) -> str:
    return f"{_line(points)}L{points[-1].x:g} {HEIGHT}L{points[0].x:g} {HEIGHT}Z"


def _round_up(value: float) -> float:
    """The next number of one digit, 1, 2, 4, 5 or 8, before zeros: an axis reads easily then."""
    if value <= 0:
        return 1.0
    unit = 10.0 ** floor(log10(value))
    return next(step * unit for step in (1, 2, 4, 5, 8, 10) if step * unit >= value)
