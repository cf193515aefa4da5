"""Charts: pictures that are well-formed, and as long as the figures say."""

from typing import Any
from xml.etree import ElementTree

from benchmarks import charts
from benchmarks.question import Measure, Question
from benchmarks.rounds import Rounds

_RECT, _TEXT, _LINE = (
    f"{{http://www.w3.org/2000/svg}}{name}" for name in ("rect", "text", "polyline")
)


def _no_contenders(*_: Any) -> Any:
    raise AssertionError("a chart measures nothing")


QUESTION = Question("size", "How <large>", (Measure("weight", "kg"),), 3, _no_contenders)


def test_bars_are_as_long_as_their_figures() -> None:
    rounds = Rounds(("Kumo", "rival"), [{"Kumo": {"weight": 1}, "rival": {"weight": 4}}])
    picture = ElementTree.fromstring(charts.bars(QUESTION, rounds))
    ours, theirs = (
        float(each.attrib["width"])
        for each in picture.iter(_RECT)
        if "class" in each.attrib and each.attrib["class"] != "ground"
    )
    assert theirs == 4 * ours


def test_who_has_no_such_measure_has_no_bar() -> None:
    rounds = Rounds(("Kumo", "rival"), [{"Kumo": {"weight": 1}, "rival": {"height": 4}}])
    picture = ElementTree.fromstring(charts.bars(QUESTION, rounds))
    assert "rival" not in [each.text for each in picture.iter(_TEXT)]


def test_a_curve_has_a_point_for_each_block() -> None:
    picture = ElementTree.fromstring(charts.lines(QUESTION, [1.0, 2.0, 4.0]))
    (line,) = picture.iter(_LINE)
    heights = [float(point.split(",")[1]) for point in line.attrib["points"].split()]
    assert len(heights) == 3
    assert heights == sorted(heights, reverse=True)
