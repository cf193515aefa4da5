"""`python -m benchmarks`: runs every benchmark on an installation of its own, or some of them."""

import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from benchmarks import charts, machine, tables, verdicts
from benchmarks.installation import Installation, installed
from benchmarks.outcome import Outcome
from benchmarks.question import Question
from benchmarks.questions import QUESTIONS
from benchmarks.rounds import play

_NAMES = [question.name for question in QUESTIONS]
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.option("--only", "names", multiple=True, type=click.Choice(_NAMES), help="May be repeated.")
@click.option("--rounds", type=click.IntRange(1, 1_000), help="How often each has its turn.")
@click.option("--quick", is_flag=True, help="The smallest form: shows that it works, not how fast.")
@click.option("--markdown", is_flag=True, help="Print the tables for docs/performance.md.")
@click.option("--rows", is_flag=True, help="Measure nothing: tell what the kept figures reach.")
@click.option("--charts", "pictures", type=_FOLDER, help="Draw the figures into this folder.")
@click.option(
    "--database",
    help="For pages and job-list: one that `python -m benchmarks.large_database` filled.",
)
@click.option(
    "--results",
    type=_FOLDER,
    default=Path(__file__).parent / "results",
    help="Where the figures are kept as JSON.",
)
def main(
    names: tuple[str, ...],
    rounds: int | None,
    *,
    quick: bool,
    markdown: bool,
    rows: bool,
    pictures: Path | None,
    database: str | None,
    results: Path,
) -> None:
    """Measure Kumo beside its rivals, in turns, on a throw-away installation."""
    # Like Ctrl-C, so that all that was started is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    asked = [each for each in QUESTIONS if _is_asked(each, names, all_of_them=quick or rows)]
    if rows:
        kept = [Outcome.newest(results, question) for question in asked]
        outcomes: Iterator[Outcome] = (each for each in kept if each)
    else:
        outcomes = _answers(asked, database, rounds=rounds, quick=quick)
    table = tables.markdown if markdown else tables.plain
    told: list[Outcome] = []
    for outcome in outcomes:
        told.append(outcome)
        if not rows:
            outcome.keep(results)
        if pictures:
            charts.draw(outcome.question, outcome.rounds, pictures)
        if markdown or not rows:
            click.echo(f"\n{table(outcome)}")
    click.echo(f"\n{tables.LEGEND}\n{machine.sentence()}")
    _tell_verdicts(asked, told, markdown=markdown, quick=quick)


def _is_asked(question: Question, names: tuple[str, ...], *, all_of_them: bool) -> bool:
    return question.name in names if names else all_of_them or not question.long


def _answers(
    asked: Sequence[Question], database: str | None, *, rounds: int | None, quick: bool
) -> Iterator[Outcome]:
    with installed(database, quick=quick) as installation:
        for question in asked:
            yield _answer(question, installation, rounds=rounds, quick=quick)


def _answer(
    question: Question, installation: Installation, *, rounds: int | None, quick: bool
) -> Outcome:
    def tell(what: str) -> None:
        click.echo(f"{question.name}: {what}", err=True)

    tell("starting")
    before = machine.load()
    with question.prepare(installation, quick) as contenders:
        count = rounds or (1 if quick else question.rounds)
        played = play(contenders, count, warm=question.warm and not quick, tell=tell)
    return Outcome(question, played, (before, machine.load()), quick)


def _tell_verdicts(
    asked: Sequence[Question], told: Sequence[Outcome], *, markdown: bool, quick: bool
) -> None:
    rounds = {} if quick else {each.question.name: each.rounds for each in told}
    found = [
        verdict
        for question in asked
        for verdict in verdicts.of(question, rounds.get(question.name))
    ]
    if found:
        table = tables.markdown_verdicts if markdown else tables.plain_verdicts
        click.echo(f"\n{table(found)}")


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
