"""`python -m benchmarks`: runs every benchmark on an installation of its own, or some of them."""

import signal
import sys
from pathlib import Path

import click

from benchmarks import machine, tables
from benchmarks.installation import Installation, installed
from benchmarks.outcome import Outcome
from benchmarks.question import Question
from benchmarks.questions import QUESTIONS
from benchmarks.rounds import play

_NAMES = [question.name for question in QUESTIONS]


@click.command()
@click.option("--only", "names", multiple=True, type=click.Choice(_NAMES), help="May be repeated.")
@click.option("--rounds", type=click.IntRange(1, 1_000), help="How often each has its turn.")
@click.option("--quick", is_flag=True, help="The smallest form: shows that it works, not how fast.")
@click.option("--markdown", is_flag=True, help="Print the tables for docs/performance.md.")
@click.option(
    "--database", help="For pages: one that `python -m benchmarks.large_database` filled."
)
@click.option(
    "--results",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(__file__).parent / "results",
    help="Where the figures are kept as JSON.",
)
def main(
    names: tuple[str, ...],
    rounds: int | None,
    *,
    quick: bool,
    markdown: bool,
    database: str | None,
    results: Path,
) -> None:
    """Measure Kumo beside its rivals, in turns, on a throw-away installation."""
    # Like Ctrl-C, so that all that was started is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    table = tables.markdown if markdown else tables.plain
    asked = [each for each in QUESTIONS if _is_asked(each, names, quick=quick)]
    with installed(database) as installation:
        for question in asked:
            outcome = _answer(question, installation, rounds=rounds, quick=quick)
            outcome.keep(results)
            click.echo(f"\n{table(question, outcome.rounds, quick=quick)}\n")
            click.echo("Load average {:.1f} before, {:.1f} after.".format(*outcome.load))
    if any(question.rivals for question in asked):
        click.echo(f"\n{tables.LEGEND}")


def _is_asked(question: Question, names: tuple[str, ...], *, quick: bool) -> bool:
    return question.name in names if names else quick or not question.long


def _answer(
    question: Question, installation: Installation, *, rounds: int | None, quick: bool
) -> Outcome:
    def tell(what: str) -> None:
        click.echo(f"{question.name}: {what}", err=True)

    tell("starting")
    before = machine.load()
    with question.prepare(installation, quick) as contenders:
        count = rounds or (1 if quick else question.rounds)
        played = play(contenders, count, warm=not quick, tell=tell)
    return Outcome(question, played, (before, machine.load()), quick)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
