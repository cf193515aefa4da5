"""The figures as people read them: in the terminal, or as Markdown for the documentation."""

from collections.abc import Sequence

from benchmarks.outcome import Outcome
from benchmarks.question import Measure, Question
from benchmarks.rounds import Rounds
from benchmarks.verdicts import Verdict

LEGEND = "Medians; in brackets Kumo's figure as a multiple of this one, within each round."


def plain(outcome: Outcome) -> str:
    return f"{_title(outcome)}\n{_aligned(_rows(outcome.question, outcome.rounds))}"


def markdown(outcome: Outcome) -> str:
    return f"**{_title(outcome)}**\n\n{_piped(_rows(outcome.question, outcome.rounds))}"


def plain_verdicts(verdicts: Sequence[Verdict]) -> str:
    return _aligned(_verdict_rows(verdicts))


def markdown_verdicts(verdicts: Sequence[Verdict]) -> str:
    return _piped(_verdict_rows(verdicts))


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def _piped(rows: Sequence[Sequence[str]]) -> str:
    head, *body = [f"| {' | '.join(row)} |" for row in rows]
    rule = "|---" + "|---:" * len(rows[0][1:]) + "|"
    return "\n".join([head, rule, *body])


def _verdict_rows(verdicts: Sequence[Verdict]) -> list[Sequence[str]]:
    head = ("row", "question", "reach", "seen", "held")
    return [head, *map(_verdict_row, verdicts)]


def _verdict_row(verdict: Verdict) -> Sequence[str]:
    reach = verdict.reach
    (unit,) = (each.unit for each in verdict.question.measures if each.name == reach.measure)
    unit = "×" if reach.is_ratio else f" {unit}"
    over = f" of {reach.against}" if reach.against else ""
    limit = f"{'≥' if reach.at_least else '≤'} {reach.limit:,g}{unit}{over}"
    seen = "–" if verdict.seen is None else f"{shown(verdict.seen)}{unit}"
    held = {None: "–", True: "yes", False: "no"}[verdict.held]
    return (reach.row, verdict.question.name, limit, seen, held)


def _title(outcome: Outcome) -> str:
    question = outcome.question
    if outcome.quick:
        return f"{question.name}: the quick form works; its figures mean nothing"
    before, after = outcome.load
    rounds = len(outcome.rounds.samples)
    return f"{question.title} (rounds: {rounds}, load {before:.1f} to {after:.1f})"


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
            cells.append(shown(rounds.tail(contender, measure.name)))
    return cells


def _cell(contender: str, measure: str, rounds: Rounds, *, rivals: bool) -> str:
    if not rounds.has(contender, measure):
        return "–"
    value = shown(rounds.median(contender, measure))
    first = contender == rounds.contenders[0]
    ratio = rounds.ratio(contender, measure) if rivals and not first else None
    return value if ratio is None else f"{value} ({shown(ratio)}×)"


def shown(value: float) -> str:
    """Three digits: no benchmark here knows more."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
