"""The figures as people read them: in the terminal, or as Markdown for the documentation."""

from collections.abc import Sequence

from benchmarks.question import Measure, Question
from benchmarks.rounds import Rounds

LEGEND = "Medians; in brackets Kumo's figure as a multiple of this one, within each round."


def plain(question: Question, rounds: Rounds, *, quick: bool) -> str:
    rows = _rows(question, rounds)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
    return "\n".join([_title(question, rounds, quick=quick), *(line.rstrip() for line in lines)])


def markdown(question: Question, rounds: Rounds, *, quick: bool) -> str:
    head, *body = [f"| {' | '.join(row)} |" for row in _rows(question, rounds)]
    rule = "|---" + "|---:" * len(_rows(question, rounds)[0][1:]) + "|"
    return "\n".join([f"**{_title(question, rounds, quick=quick)}**", "", head, rule, *body])


def _title(question: Question, rounds: Rounds, *, quick: bool) -> str:
    if quick:
        return f"{question.name}: the quick form works; its figures mean nothing"
    return f"{question.title} (rounds: {len(rounds.samples)})"


def _rows(question: Question, rounds: Rounds) -> list[Sequence[str]]:
    head = ["", *(heading for each in question.measures for heading in _headings(each))]
    return [head, *(_row(name, question, rounds) for name in rounds.contenders)]


def _headings(measure: Measure) -> list[str]:
    heading = f"{measure.name}, {measure.unit}"
    return [heading, "p95"] if measure.tail else [heading]


def _row(contender: str, question: Question, rounds: Rounds) -> list[str]:
    cells = [contender]
    for measure in question.measures:
        cells.append(_cell(contender, measure.name, rounds, rivals=question.rivals))
        if measure.tail:
            cells.append(_shown(rounds.tail(contender, measure.name)))
    return cells


def _cell(contender: str, measure: str, rounds: Rounds, *, rivals: bool) -> str:
    if not rounds.has(contender, measure):
        return "–"
    value = _shown(rounds.median(contender, measure))
    first = contender == rounds.contenders[0]
    ratio = rounds.ratio(contender, measure) if rivals and not first else None
    return value if ratio is None else f"{value} ({_shown(ratio)}×)"


def _shown(value: float) -> str:
    """Three digits: no benchmark here knows more."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
