"""The figures as pictures: SVG by hand, with a ground of its own, so that it reads anywhere.

Its colours follow the reader's system, since a picture in a page knows nothing of the page.
"""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from benchmarks.question import Measure, Question
from benchmarks.rounds import Rounds
from benchmarks.tables import shown

_WIDTH, _MARGIN, _LINE = 720, 24, 24
_LABEL, _VALUE = 250, 90
_BAR, _GAP = 16, 18
_CURVE_HEIGHT = 180

_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #212529; }
.title { font-size: 15px; font-weight: 600; }
.quiet { fill: #59636d; }
.ground { fill: #ffffff; stroke: #dee2e6; }
.ours { fill: #0d6efd; }
.theirs { fill: #8d96a0; }
.rule { stroke: #dee2e6; }
.line { fill: none; stroke: #0d6efd; stroke-width: 2; stroke-linejoin: round; }
@media (prefers-color-scheme: dark) {
  text { fill: #dee2e6; }
  .quiet { fill: #a7b0b8; }
  .ground { fill: #212529; stroke: #495057; }
  .ours { fill: #6ea8fe; }
  .theirs { fill: #868e96; }
  .rule { stroke: #495057; }
  .line { stroke: #6ea8fe; }
}
"""

#: Samples whose names begin so are points of a curve, in their order.
CURVE = "block "


def draw(question: Question, rounds: Rounds, folder: Path) -> Path | None:
    """Writes the picture of a row that is promised; None when there is nothing to compare."""
    points = _curve(rounds)
    if not question.reaches or not (question.rivals or points):
        return None
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"bench-{question.name}.svg"
    file.write_text(lines(question, points) if points else bars(question, rounds))
    return file


def bars(question: Question, rounds: Rounds) -> str:
    """For each measure a bar for each contender that has it."""
    parts: list[str] = []
    top = _MARGIN + _LINE
    for measure in question.measures:
        top += _LINE
        parts.append(_text(_MARGIN, top, _caption(measure), "quiet"))
        top += 8
        for contender, part in _lengths(measure.name, rounds):
            parts += _bar(top, contender, part, rounds, measure)
            top += _LINE
        top += _GAP - 8
    return _picture(question.title, parts, top)


def lines(question: Question, points: Sequence[float]) -> str:
    """A curve from the first block to the last."""
    left, top = _MARGIN + 60, _MARGIN + 3 * _LINE
    bottom, width = top + _CURVE_HEIGHT, _WIDTH - _MARGIN - left
    most = max(points)
    places = [
        f"{left + width * (place + 0.5) / len(points):.1f},{bottom - _CURVE_HEIGHT * at / most:.1f}"
        for place, at in enumerate(points)
    ]
    caption = "µs a page, from the first hundredth of the walk to the last"
    parts = [
        _text(_MARGIN, top - _LINE, caption, "quiet"),
        f'<path class="rule" d="M{left} {top}h{width}M{left} {bottom}h{width}"/>',
        _text(left - 8, top + 4, shown(most), "quiet", end=True),
        _text(left - 8, bottom + 4, "0", "quiet", end=True),
        f'<polyline class="line" points="{" ".join(places)}"/>',
    ]
    return _picture(question.title, parts, bottom + _GAP)


def _curve(rounds: Rounds) -> list[float]:
    first = rounds.contenders[0]
    names = [name for name in rounds.samples[0][first] if name.startswith(CURVE)]
    return [rounds.median(first, name) for name in names]


def _lengths(measure: str, rounds: Rounds) -> Iterable[tuple[str, float]]:
    """Who has that measure, and what part of the longest bar is theirs."""
    having = [name for name in rounds.contenders if rounds.has(name, measure)]
    values = [max(rounds.median(name, measure), 0) for name in having]
    most = max(values, default=0) or 1
    return [(name, value / most) for name, value in zip(having, values, strict=True)]


def _bar(
    top: float, contender: str, part: float, rounds: Rounds, measure: Measure
) -> tuple[str, str, str]:
    left, room = _MARGIN + _LABEL, _WIDTH - 2 * _MARGIN - _LABEL - _VALUE
    length = max(room * part, 1)
    whose = "ours" if contender == rounds.contenders[0] else "theirs"
    value = shown(rounds.median(contender, measure.name))
    baseline = top + _BAR - 3
    return (
        _text(left - 10, baseline, contender, end=True),
        f'<rect class="{whose}" x="{left}" y="{top}" width="{length:.1f}" height="{_BAR}" rx="2"/>',
        _text(left + length + 8, baseline, value, "quiet"),
    )


def _caption(measure: Measure) -> str:
    return f"{measure.name}, {measure.unit} ({'more' if measure.more else 'less'} is better)"


def _text(x: float, y: float, text: str, kind: str = "", *, end: bool = False) -> str:
    anchor = ' text-anchor="end"' if end else ""
    name = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.0f}" y="{y:.0f}"{name}{anchor}>{escape(text)}</text>'


def _picture(title: str, parts: Iterable[str], height: float) -> str:
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:.0f}" role="img">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n"
        f'<rect class="ground" x="0.5" y="0.5" width="{_WIDTH - 1}" height="{height - 1:.0f}" '
        f'rx="6"/>\n{_text(_MARGIN, _MARGIN + 14, title, "title")}\n{body}\n</svg>\n'
    )
