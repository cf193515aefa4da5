"""`python -m tests.faults`: what takes longer than the test suite may.

Each shard that is run whole puts a row into docs/reliability.md; one that is run in part does not.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory, mkdtemp

import click

from orchestrator import config, networks
from tests.faults import record, switched_off
from tests.faults.judging import Counts
from tests.faults.shards import SHARDS, Shard
from tests.pair import Pair, started
from tests.workers import ROOT

#: The shard that runs each test without its mechanism.
_MECHANISMS = "mechanisms"
#: Most of a test's time is waiting.
_AT_ONCE = 4
_NAMES = [*SHARDS, _MECHANISMS]


@click.group(invoke_without_command=True)
@click.option("--list", "listed", is_flag=True, help="Name the shards.")
@click.option("--shard", "name", type=click.Choice(_NAMES), help="Only this one.", metavar="NAME")
@click.option("--runs", type=click.IntRange(1, 10_000), help="So many; nothing is recorded.")
@click.pass_context
def main(context: click.Context, name: str | None, runs: int | None, *, listed: bool) -> None:
    """The long form of the tests of faults: all shards one after the other, or one of them."""
    if context.invoked_subcommand:
        return
    if listed:
        click.echo("\n".join(_NAMES))
    elif name == _MECHANISMS:
        sys.exit(_without_mechanisms(None, recorded=True))
    elif name:
        sys.exit(_run(SHARDS[name], runs))
    else:
        sys.exit(_run_all(runs))


@main.command()
@click.option("-k", "expression", help="Only tests that match, as pytest's -k.")
def mechanisms(expression: str | None) -> None:
    """Run each marked test without its mechanism, and see it fail."""
    sys.exit(_without_mechanisms(expression, recorded=False))


def _run_all(runs: int | None) -> int:
    """Each in a process of its own: none inherits a connection of the one before."""
    failed = []
    for name in SHARDS if runs else _NAMES:
        options = [f"--runs={runs}"] if runs else []
        command = [sys.executable, "-m", "tests.faults", *options, f"--shard={name}"]
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            failed.append(name)
    click.echo(f"Not as they should be: {', '.join(failed)}." if failed else "All as it should be.")
    return 1 if failed else 0


def _run(shard: Shard, runs: int | None) -> int:
    # It stays only where there is something to be seen in it.
    logs = Path(mkdtemp(prefix=f"kumo-{shard.name}-"))
    with TemporaryDirectory(prefix="kumo-home-") as home:
        _leave_the_environment(home)
        counts = shard.play(runs or shard.runs, logs, partial(_tell, shard.name))
    row = record.row(shard.name, _today(), counts)
    click.echo(f"{record.HEADER}\n{row}")
    if runs is None:
        record.put(row, _NAMES)
    if counts.is_clean:
        rmtree(logs)
    else:
        _keep_evidence(logs, counts)
    return 0 if counts.is_clean else 1


def _tell(shard: str, what: str) -> None:
    click.echo(f"{shard}: {what}")


def _leave_the_environment(home: str) -> None:
    """No shard reaches the databases or the home of whoever runs it."""
    for field in config.Config.model_fields.values():
        os.environ.pop(str(field.validation_alias), None)
    os.environ["KUMO_HOME"] = home
    os.environ["KUMO_ALLOW_NETWORKS"] = networks.written(networks.LOOPBACK)


def _keep_evidence(logs: Path, counts: Counts) -> None:
    (logs / "evidence.txt").write_text("\n".join(counts.evidence) + "\n")
    click.echo(f"Not all zeros; the evidence is in {logs}.")


def _without_mechanisms(expression: str | None, *, recorded: bool) -> int:
    options = ["-k", expression] if expression else []
    shown = []
    with _pairs() as pairs:
        for each in switched_off.run_all(pairs, *options):
            click.echo(each)
            shown.append(each.as_it_should)
    click.echo(f"{sum(shown)} of {len(shown)} failed as they should.")
    if recorded:
        row = record.row_of_mechanisms(_MECHANISMS, _today(), sum(shown), len(shown))
        record.put(row, _NAMES)
    return 0 if all(shown) else 1


@contextmanager
def _pairs() -> Iterator[list[Pair]]:
    """One for each test that is run at a time: two would take the same number of a Redis."""
    given = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
    with ExitStack() as stack:
        homes = [
            Path(stack.enter_context(TemporaryDirectory(prefix="kumo-faults-")))
            for _ in range(1 if any(given) else _AT_ONCE)
        ]
        for home in homes:
            home.chmod(0o711)
        yield [stack.enter_context(started(home, *given)) for home in homes]


def _today() -> date:
    return datetime.now(UTC).date()


if __name__ == "__main__":
    main(prog_name="python -m tests.faults")
