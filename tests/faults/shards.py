"""The long form, in shards of a few minutes each, which can be run on different days.

Each shard brings servers, workers and a shop of its own. A run that breaks off counts as stuck: its
sentence is kept, and the next run goes on.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import psutil

from orchestrator import triggers
from orchestrator.chaos.verdict import MUST_BE_ZERO
from orchestrator.embedded import postgres
from orchestrator.ledger.models import Trigger
from tests import awaiting, shops
from tests.faults import clean_ups, kill_points, machines, many_machines, servers
from tests.faults.judging import Counts, Expected, judged, seconds_until_it_went_on
from tests.faults.kill_points import POINTS, SHORT, Scene
from tests.faults.servers import Breakable, OwnRedis
from tests.orchestrator.ledger import given
from tests.shops import OpenShop
from tests.workers import ROOT, beating, working

#: Pages of a storm's site: enough that some crawl is always half-way.
_STORM_PAGES = 400
#: Of each target, where whole machines are lost.
_PAGES_A_MACHINE_CRAWLS = 120
#: In a storm a crawler begins slowly: a lease of three seconds would be over by then.
_IMPATIENT = {
    "KUMO_LEASE_SECONDS": "8",
    "KUMO_SWEEP_SECONDS": "1",
    "KUMO_RING_AGAIN_SECONDS": "2",
    "KUMO_RETRY_SECONDS": "0.5",
}

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Shard:
    """A part of the long form."""

    name: str
    runs: int
    play: Callable[[int, Path, Tell], Counts]


@dataclass
class Ground:
    """What the runs of a shard stand on."""

    postgres: Breakable
    redis: OwnRedis
    shop: OpenShop
    slow_shop: OpenShop


@contextmanager
def _ground() -> Iterator[Ground]:
    with ExitStack() as stack:
        database = stack.enter_context(servers.own_postgres())
        bells = stack.enter_context(servers.own_redis())
        shop = stack.enter_context(shops.opened(120, delay=0.06))
        yield Ground(database, bells, shop, stack.enter_context(shops.opened(400, delay=0.06)))


def _each(runs: int, tell: Tell, run: Callable[[int], Counts]) -> Counts:
    counts = Counts()
    for number in range(runs):
        try:
            one = run(number)
        except AssertionError as error:
            one = Counts(runs=1, stuck=1, evidence=[str(error)])
        counts.add(one)
        tell(f"run {number + 1} of {runs}: " + ("; ".join(one.evidence) or "all well"))
    return counts


# A process killed at one point, again and again


def _killed_at_a_point(number: int, runs: int, logs: Path, tell: Tell) -> Counts:
    points = [point for point in POINTS if point.number == number]

    def run(scene: Scene, run: int) -> Counts:
        if points:
            return kill_points.play(scene, points[run % len(points)], passes=run % 5)
        return clean_ups.play(scene, passes=12 + run % 8)

    with _ground() as ground:
        with kill_points.scene(ground.shop, ground.slow_shop, ground.redis.url, logs=logs) as scene:
            return _each(runs, tell, partial(run, scene))


# Any process killed at any moment


def _killed_at_random(seed: int, kills: int, logs: Path, tell: Tell) -> Counts:
    tell(f"a storm of {kills} kills")
    with (logs / "storm.txt").open("wb") as said:
        done = subprocess.run(
            [Path(sys.executable).with_name("kumo"), "chaos", "--json", f"--kills={kills}",
             f"--pages={_STORM_PAGES}", f"--seed={seed}"],
            cwd=ROOT, env=os.environ | _IMPATIENT,
            stdout=subprocess.PIPE, stderr=said, check=False,
        )  # fmt: skip
    try:
        told = json.loads(done.stdout)
    except ValueError:
        return Counts(runs=1, evidence=[f"the storm broke off with status {done.returncode}"])
    counts = Counts(runs=told["jobs"], kills=told["kills"], pages=told["pages"])
    for name in MUST_BE_ZERO:
        setattr(counts, name, told[name])
    counts.worst_recovery_seconds = told["recovery_worst_seconds"]
    if done.returncode:
        counts.evidence = [*told["faults"], f"status {done.returncode}, see {told['folder']}"]
    return counts


# A server lost in mid-crawl


def _server_lost(lose: Callable[[Ground, int], None], runs: int, logs: Path, tell: Tell) -> Counts:
    with _ground() as ground, beating(**SHORT), working("--concurrency=2", logs=logs, **SHORT):
        return _each(runs, tell, lambda number: _lost(ground, partial(lose, ground, number)))


def _lost(ground: Ground, lose: Callable[[], None]) -> Counts:
    job_id = _in_mid_crawl(ground.slow_shop)
    at = datetime.now(UTC)
    lose()
    counts = judged(job_id, Expected(ground.slow_shop), ground.redis.url)
    counts.kills = 1
    counts.worst_recovery_seconds = seconds_until_it_went_on(job_id, at)
    return counts


def _in_mid_crawl(shop: OpenShop) -> UUID:
    name = f"shop-{uuid4().hex}"
    given.a_target(name, spider="demo_shop", start_urls=[shop.url], max_attempts=10, active=False)
    job_id = triggers.request(name, Trigger.DASHBOARD).job_id
    awaiting.with_items(job_id, 10)
    return job_id


def _redis_lost(ground: Ground, number: int) -> None:
    """It forgets everything, at once or in a restart; every other time it comes back with all."""
    if number % 4 == 0:
        with ground.redis.client() as client:
            client.flushall()
        return
    ground.redis.stop(signal.SIGTERM if number % 4 == 1 else signal.SIGKILL)
    if number % 4 == 2:
        shutil.rmtree(ground.redis.folder)
    ground.redis.start()


def _postgres_restarted(ground: Ground, number: int) -> None:
    """Its sessions are broken off in an orderly way, or it dies and recovers from its log."""
    ground.postgres.stop(signal.SIGINT if number % 2 == 0 else signal.SIGKILL)
    data = ground.postgres._server.folder / "data"
    awaiting.until(
        lambda: not any(postgres.is_ours(each, data) for each in psutil.process_iter()),
        "the end of the last process of the Postgres that died",
    )
    ground.postgres.start()


# Machines lost in mid-crawl


def _many_machines(targets: int, logs: Path, tell: Tell) -> Counts:
    if reason := machines.refused():
        return Counts(evidence=[f"no machine can be made here: {reason}"])
    tell(f"{targets} targets on four machines")
    try:
        return many_machines.play(targets, _PAGES_A_MACHINE_CRAWLS, logs, apart_seconds=20)
    except AssertionError as error:
        return Counts(runs=1, stuck=1, evidence=[str(error)])


SHARDS = {
    shard.name: shard
    for shard in (
        *(Shard(f"kill-point-{n}", 30, partial(_killed_at_a_point, n)) for n in range(1, 11)),
        *(Shard(f"random-kills-{n}", 100, partial(_killed_at_random, n)) for n in range(1, 11)),
        Shard("redis-lost", 20, partial(_server_lost, _redis_lost)),
        Shard("postgres-restarted", 20, partial(_server_lost, _postgres_restarted)),
        Shard("many-machines", 200, _many_machines),
    )
}
