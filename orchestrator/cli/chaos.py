"""`kumo chaos`: the promise that nothing is lost, tried on this machine.

Exit status 0 says that every number that must be zero is zero; a script needs no more.
"""

import secrets
import sys
import time

import click

from orchestrator.chaos import outcome, site
from orchestrator.chaos.outcome import Outcome, Terms
from orchestrator.chaos.storm import Progress
from orchestrator.cli import printing

#: As a shell tells of a command that Ctrl-C ended.
_INTERRUPTED = 130


@click.command()
@click.option(
    "--kills",
    type=click.IntRange(1, 100_000),
    default=100,
    show_default=True,
    help="How many processes to kill.",
)
@click.option(
    "--pages",
    type=click.IntRange(site.FEWEST_PAGES, site.MOST_PAGES),
    default=2_000,
    show_default=True,
    help="How many pages the site has that each job crawls.",
)
@click.option("--seed", type=click.IntRange(0), help="Whom to kill when; repeats a storm.")
@click.option("--with-servers", is_flag=True, help="Kill Postgres and Valkey as well.")
@click.option("--keep", is_flag=True, help="Keep the installation's folder in any case.")
@printing.json_option
def chaos(
    *, kills: int, pages: int, seed: int | None, with_servers: bool, keep: bool, as_json: bool
) -> None:
    """Kill processes of a throw-away installation at random; count what is lost.

    It has databases, ports and a site of its own and touches no other installation. Exit status 0
    only if no item is missing or double, no job is stuck, failed or run twice, and every count is
    right.
    """
    terms = Terms(
        kills=kills,
        pages=pages,
        seed=secrets.randbelow(2**31) if seed is None else seed,
        with_servers=with_servers,
        keep=keep,
    )
    line = _Line(kills)
    try:
        came = outcome.brought(terms, line.say, line.show)
    except KeyboardInterrupt:
        line.say("Stopped before the end; nothing was judged.")
        sys.exit(_INTERRUPTED)
    finally:
        line.clear()
    _print(came, as_json=as_json)
    sys.exit(0 if came.is_clean else 1)


def _print(came: Outcome, *, as_json: bool) -> None:
    if as_json:
        printing.as_json(came.record() | {"folder": came.folder, "clean": came.is_clean})
        return
    # A seed is to be typed again, so it has no commas.
    facts = came.facts() | {"seed": str(came.terms.seed)}
    printing.pairs((name.replace("_", " "), value) for name, value in facts.items())
    for fault in came.faults:
        click.echo(printing.cell(fault), err=True)
    if came.folder:
        click.echo(f"The evidence is in {came.folder}.", err=True)


class _Line:
    """One line of a terminal that tells how far it is; nothing where there is no terminal."""

    def __init__(self, kills: int) -> None:
        self._kills = kills
        self._began = time.monotonic()
        self._is_seen = sys.stdout.isatty()

    def say(self, sentence: str) -> None:
        self.clear()
        click.echo(sentence, err=True)

    def show(self, progress: Progress) -> None:
        minutes, seconds = divmod(int(time.monotonic() - self._began), 60)
        self._write(
            f"{progress.kills} of {self._kills} kills; jobs: {progress.ended} ended, "
            f"{progress.running} running, {progress.waiting} waiting; {minutes}:{seconds:02}"
        )

    def clear(self) -> None:
        self._write("")

    def _write(self, text: str) -> None:
        if self._is_seen:
            click.echo(f"\r\x1b[K{text}", nl=False)
