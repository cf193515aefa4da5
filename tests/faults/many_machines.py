"""Workers on machines of their own, and what happens to machines.

Four begin, one of them with a clock that is two hours off. One is cut off until its crawls have
been given to others, and comes back; one is killed; one joins. `play` runs this module as a process
with a network of its own, since it makes a bridge where it is.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from uuid import UUID

import click

from orchestrator import config, triggers
from orchestrator.ledger.models import Trigger
from tests import shops
from tests.awaiting import FINAL, until
from tests.faults import clocks, lost_crawls, machines, servers
from tests.faults.judging import Counts, Expected, judged
from tests.faults.lost_crawls import Lost
from tests.faults.machines import Machine
from tests.orchestrator.ledger import given
from tests.pair import END_WITH_US
from tests.shops import OpenShop
from tests.workers import CELERY, QUICK, ROOT, beating

#: On machines that begin slowly a lease of three seconds would be over by then.
_ENVIRONMENT = {"KUMO_LEASE_SECONDS": "6", "KUMO_RING_AGAIN_SECONDS": "2"}
_DELAY_SECONDS = 0.3
_WORKER = ("worker", "-l", "info", "-n", "worker@%h", "--concurrency=2")
#: Where the one shop listens, which is each of the sites; the network ends with this process.
_EVERYWHERE = "0.0.0.0"
#: Where no job has ended for so long, the rest never will.
_PATIENCE_SECONDS = 90
#: A process whose server is gone in the midst of an answer.
_QUESTION = "SELECT pg_sleep(3600)"
_ASKS = f"from tests.orchestrator.ledger import given; given.execute({_QUESTION!r})"
#: Python's own sleep fails there, so it never learns its spiders.
_WRONG = "wrong-clock"


def play(targets: int, pages: int, logs: Path, *, apart_seconds: float = 0) -> Counts:
    """So many targets of so many pages; what is counted, and what was wrong.

    One machine is away until its crawls are given to others, and `apart_seconds` more. Raises
    AssertionError when it breaks off.
    """
    module = (sys.executable, "-m", __name__, f"--targets={targets}", f"--pages={pages}")
    with (logs / "played.txt").open("w+") as told:
        done = subprocess.run(
            [*END_WITH_US, "unshare", "--net", *module, f"--apart={apart_seconds}", str(logs)],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=told, text=True, check=False,
        )  # fmt: skip
        told.seek(0)
        assert done.returncode == 0, told.read()[-3_000:]
    return Counts(**json.loads(done.stdout))


@click.command()
@click.option("--targets", type=int, required=True)
@click.option("--pages", type=int, required=True)
@click.option("--apart", type=float, default=0)
@click.argument("logs", type=click.Path(path_type=Path))
def main(targets: int, pages: int, apart: float, logs: Path) -> None:
    """Prints what was counted as JSON."""
    sites = [f"10.77.{1 + number // 250}.{1 + number % 250}" for number in range(targets)]
    with ExitStack() as stack:
        home = stack.enter_context(TemporaryDirectory(prefix="kumo-machines-"))
        os.environ |= QUICK | _ENVIRONMENT
        os.environ |= {"KUMO_HOME": home, "KUMO_ALLOW_NETWORKS": machines.NETWORK}
        config.get.cache_clear()
        machines.make_bridge(machines.SERVERS, *sites)
        stack.enter_context(servers.own_postgres(at=machines.SERVERS))
        redis = stack.enter_context(servers.own_redis(at=machines.SERVERS))
        shop = stack.enter_context(shops.opened(pages, delay=_DELAY_SECONDS, host=_EVERYWHERE))
        stack.enter_context(beating())
        fleet = Fleet(stack, logs)
        job_ids, more = [], [_targets(shop, half) for half in (sites[::2], sites[1::2])]

        def request() -> None:
            job_ids.extend(_requested(more.pop()))

        counts = _played(fleet, request, apart)
        for job_id in job_ids:
            counts.add(judged(job_id, Expected(shop), redis.url))
    click.echo(json.dumps(asdict(counts)))


class Fleet:
    """The machines that there are, each with a worker of two slots."""

    def __init__(self, stack: ExitStack, logs: Path) -> None:
        self._stack, self._logs = stack, logs

    def four(self) -> list[Machine]:
        """Those that begin: one to be cut off, one to be killed, two that stay."""
        begun = [self.add(name) for name in ("cut-off", "killed", "steady")]
        begun.append(self.add(_WRONG, **clocks.off_by("+2h")))
        for each in begun:
            self.await_prepared(each)
        return begun

    def await_prepared(self, machine: Machine) -> None:
        """To begin takes long while the others work on the same cores."""
        knows = "name = :name AND spiders <> '{}'"

        def is_prepared() -> bool:
            if machine.name == _WRONG:
                return " ready." in machine.said()
            return bool(given.count("workers", knows, name=machine.worker))

        until(is_prepared, f"a worker on {machine.name}")

    def add(self, name: str, **environment: str) -> Machine:
        """Starts one; it serves a moment later."""
        return self.add_with(name, [*CELERY, *_WORKER], **environment)

    def add_with(self, name: str, command: Sequence[str], **environment: str) -> Machine:
        log = self._logs / f"{name}.log"
        return self._stack.enter_context(
            machines.machine(name, command, log, os.environ | environment)
        )


def _targets(shop: OpenShop, sites: Sequence[str]) -> list[int]:
    """Each has a site of its own, at an address of its own."""
    return [
        given.a_target(
            f"site-{site}".replace(".", "-"), spider="demo_shop", max_attempts=10, active=False,
            start_urls=[shop.url.replace(_EVERYWHERE, site)],
        )
        for site in sites
    ]  # fmt: skip


def _requested(target_ids: Sequence[int]) -> list[UUID]:
    return [each.job_id for each in triggers.request_many(target_ids, Trigger.DASHBOARD)]


def _played(fleet: Fleet, request: Callable[[], None], apart_seconds: float) -> Counts:
    """What happens to machines, and what must be true of them when all jobs have ended.

    Half the jobs are requested before, half when one has joined and one is back.
    """
    cut, dying, steady, wrong = four = fleet.four()
    request()
    asking = fleet.add_with("asking", [sys.executable, "-c", _ASKS])
    until(lambda: _is_asked(_QUESTION), "a question that is not answered yet")
    for each in four:
        _serves(each)
    asking.cut_off()
    cut_at, left = _struck(cut, cut.cut_off)
    killed_at, ended = _struck(dying, dying.kill)
    _tell(f"one machine is cut off from {len(left)} crawls, one killed with {len(ended)}")
    joining = fleet.add("joining")
    until(lambda: lost_crawls.are_over(left), "the end of crawls that are cut off")
    until(lambda: "DatabaseAway" in asking.said(), "the end of a wait for a server that is gone")
    _pass(apart_seconds)
    written = lost_crawls.written(left)
    cut.reconnect()
    back_at = _now()
    _tell(f"it is back after {(back_at - cut_at).total_seconds():.0f} s")
    fleet.await_prepared(joining)
    request()
    _wait_for_all()
    _tell("all jobs have ended")
    seconds = [lost_crawls.seconds_until_over(left, cut_at)]
    seconds.append(lost_crawls.seconds_until_over(ended, killed_at))
    evidence = [
        *lost_crawls.faults(left),
        *lost_crawls.faults(ended),
        *lost_crawls.faults_of_the_clock(),
        *(_idle(each, cut_at) for each in (steady, wrong, joining)),
        _idle(cut, back_at),
    ]
    if (now := lost_crawls.written(left)) != written:
        evidence.append(f"what was cut off wrote: {written} became {now}")
    return Counts(
        kills=2, worst_recovery_seconds=max(seconds), evidence=[each for each in evidence if each]
    )


def _is_asked(question: str) -> bool:
    return bool(given.count("pg_stat_activity", "state = 'active' AND query = :it", it=question))


def _serves(machine: Machine) -> None:
    """Returns when one of its crawls has committed something."""
    running = "worker = :name AND checkpoint > 1 AND pages > 5 AND ended_at IS NULL"
    until(lambda: given.count("crawls", running, name=machine.worker), f"a crawl on {machine.name}")


def _struck(machine: Machine, strike: Callable[[], None]) -> tuple[datetime, Lost]:
    """When it came, and the attempts that it met."""
    _serves(machine)
    strike()
    return _now(), lost_crawls.on(machine.worker)


def _idle(machine: Machine, since: datetime) -> str | None:
    """A fault of a machine that has finished no job that it began since then."""
    finished = "worker = :name AND outcome = 'finished' AND started_at > :since"
    if given.count("crawls", finished, name=machine.worker, since=since):
        return None
    return f"{machine.name} finished nothing:\n{machine.said()[-2_000:]}"


def _wait_for_all() -> None:
    """Returns when all have ended, or none has for so long that the rest is stuck."""
    final = [str(status) for status in FINAL]
    least, deadline = 0, 0.0

    def are_over() -> bool:
        nonlocal least, deadline
        left = given.count("scraping_jobs", "status <> ALL(:final)", final=final)
        if not deadline or left < least:
            least, deadline = left, monotonic() + _PATIENCE_SECONDS
        return not left or monotonic() > deadline

    until(are_over, "the end of all jobs", seconds=3_600)


def _pass(seconds: float) -> None:
    """How long a machine is gone is what this is about, and nothing that could be awaited."""
    over = monotonic() + seconds
    until(lambda: monotonic() > over, "that time", seconds=seconds + 1)


def _now() -> datetime:
    at: datetime = given.execute("SELECT now() AS at")[0].at
    return at


def _tell(what: str) -> None:
    click.echo(f"{datetime.now().astimezone():%H:%M:%S} {what}", err=True)


if __name__ == "__main__":
    main()
