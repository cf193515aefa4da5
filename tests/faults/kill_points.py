"""The ten kill points: how a job is brought to each of them, and what becomes of it.

One worker serves many runs. When it is the one that dies, another one is called in while the lease
of the dead one runs out.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

from orchestrator import triggers
from orchestrator.ledger.models import JobStatus, Trigger
from tests import awaiting
from tests.faults.injection import with_kill_points
from tests.faults.judging import Counts, Expected, judged, seconds_until_it_went_on
from tests.orchestrator.ledger import given
from tests.shops import OpenShop
from tests.workers import ROOT, Worker, beating, working

SHORT = {"KUMO_LEASE_SECONDS": "3", "KUMO_SWEEP_SECONDS": "0.5"}


class Scene:
    """A worker and a beat in which points may be armed, and two shops to be crawled."""

    def __init__(self, stack: ExitStack, shops: tuple[OpenShop, OpenShop], redis_url: str,
                 logs: Path | None = None) -> None:  # fmt: skip
        self.shop, self.slow_shop = shops
        self.redis_url = redis_url
        self._stack, self._logs = stack, logs
        folder = stack.enter_context(TemporaryDirectory(prefix="kumo-kill-points-"))
        self._folder = Path(folder)
        self._environment = SHORT | with_kill_points(self._folder)
        stack.enter_context(beating(**SHORT))
        self.relieve()

    def relieve(self) -> None:
        """Calls in a worker."""
        self.worker: Worker = self._stack.enter_context(
            working("--concurrency=2", logs=self._logs, **self._environment)
        )

    def kumo(self, *arguments: str) -> int:
        """`kumo` as people type it; its exit status."""
        return subprocess.run(
            [Path(sys.executable).with_name("kumo"), *arguments],
            cwd=ROOT, env=os.environ | self._environment, capture_output=True, check=False,
        ).returncode  # fmt: skip

    def target(self, shop: OpenShop) -> str:
        name = f"shop-{uuid4().hex}"
        # On a busy machine a lease of three seconds may run out before a crawl has begun.
        given.a_target(
            name, spider="demo_shop", start_urls=[shop.url], max_attempts=10, active=False
        )
        return name

    def in_mid_crawl(self) -> UUID:
        """A job with some of its items recorded and most yet to come."""
        job_id = triggers.request(self.target(self.slow_shop), Trigger.DASHBOARD).job_id
        awaiting.with_items(job_id, 10)
        return job_id

    def arm(self, name: str, passes: int) -> None:
        (self._folder / f"{name}.new").write_text(str(passes))
        (self._folder / f"{name}.new").rename(self._folder / name)

    def killed_at(self, name: str, is_over: Callable[[], bool]) -> datetime | None:
        """When somebody died at the point; None if all was over before anybody came by so often.

        A point that is passed when all is over would be disarmed just before: let nothing be over.
        """
        taken = self._folder / f"{name}.taken"
        awaiting.until(lambda: taken.exists() or is_over(), f"a process that passes {name}")
        if not taken.exists():
            (self._folder / name).unlink(missing_ok=True)
        if not taken.exists():
            return None
        at = datetime.fromtimestamp(taken.stat().st_mtime, UTC)
        taken.unlink()
        return at

    def relieve_the_dead(self) -> None:
        self.worker.process.wait(timeout=10)
        self.relieve()


@contextmanager
def scene(
    shop: OpenShop, slow_shop: OpenShop, redis_url: str, *, logs: Path | None = None
) -> Iterator[Scene]:
    with ExitStack() as stack:
        yield Scene(stack, (shop, slow_shop), redis_url, logs)


@dataclass(frozen=True)
class KillPoint:
    """A point of a job's life, and a job that is brought to it."""

    number: int
    #: As it is armed.
    name: str
    bring: Callable[[Scene, "KillPoint", int], UUID]
    worker_dies: bool = False
    #: False where the point is passed once in a job's life.
    repeats: bool = False
    status: JobStatus = JobStatus.COMPLETED


def play(scene: Scene, point: KillPoint, *, passes: int = 0) -> Counts:
    """One job, killed at the point after so many passes; what became of it."""
    passes = passes if point.repeats else 0
    job_id = point.bring(scene, point, passes)
    at = scene.killed_at(
        point.name, lambda: point.repeats and given.job(job_id).status in awaiting.FINAL
    )
    if at and point.worker_dies:
        scene.relieve_the_dead()
    shop = scene.slow_shop if point.status is JobStatus.CANCELLED else scene.shop
    counts = judged(job_id, Expected(shop, point.status), scene.redis_url)
    if at:
        counts.kills = 1
        counts.worst_recovery_seconds = seconds_until_it_went_on(job_id, at)
    return counts


def _asked_by_a_person(scene: Scene, point: KillPoint, passes: int) -> UUID:
    """`kumo run` dies before it answers; so the person asks again, and is told of the same job."""
    target = scene.target(scene.shop)
    scene.arm(point.name, passes)
    assert scene.kumo("run", target) == -9
    rows = given.execute(
        "SELECT j.id FROM scraping_jobs j JOIN scraping_targets t ON t.id = j.target_id"
        " WHERE t.name = :name", name=target,
    )  # fmt: skip
    assert len(rows) == 1, f"{len(rows)} jobs of a target that was asked for once"
    assert triggers.request(target, Trigger.CLI).job_id == rows[0].id
    return rows[0].id


def _crawled(scene: Scene, point: KillPoint, passes: int) -> UUID:
    target = scene.target(scene.shop)
    scene.arm(point.name, passes)
    return triggers.request(target, Trigger.DASHBOARD).job_id


def _cancelled_while_paused(scene: Scene, point: KillPoint, passes: int) -> UUID:
    job_id = scene.in_mid_crawl()
    triggers.pause(job_id)
    awaiting.job_at(job_id, JobStatus.PAUSED)
    scene.arm(point.name, passes)
    assert scene.kumo("jobs", "cancel", str(job_id)) == -9
    return job_id


def _cancelled_in_mid_crawl(scene: Scene, point: KillPoint, passes: int) -> UUID:
    job_id = scene.in_mid_crawl()
    scene.arm(point.name, passes)
    triggers.cancel(job_id)
    return job_id


BEFORE_THE_BELL = KillPoint(1, "before_the_bell", _asked_by_a_person)
AFTER_THE_BELL = KillPoint(2, "after_the_bell", _asked_by_a_person)
AFTER_THE_CLAIM = KillPoint(3, "after_the_claim", _crawled, worker_dies=True)
AFTER_TAKING_REQUESTS = KillPoint(4, "after_taking_requests", _crawled, repeats=True)
BEFORE_THE_COMMIT = KillPoint(5, "before_the_commit", _crawled, repeats=True)
BEFORE_THE_ACKNOWLEDGEMENT = KillPoint(6, "before_the_acknowledgement", _crawled, repeats=True)
BEFORE_THE_LAST_WORD = KillPoint(7, "before_the_last_word", _crawled)
BEFORE_THE_FINISH = KillPoint(7, "before_the_finish", _crawled, worker_dies=True)
AFTER_THE_FINISH = KillPoint(8, "after_the_finish", _crawled, worker_dies=True)
AFTER_A_CANCEL = KillPoint(9, "after_a_cancel", _cancelled_while_paused, status=JobStatus.CANCELLED)
OBEYING_A_CANCEL = KillPoint(
    9, "obeying_a_cancel", _cancelled_in_mid_crawl, status=JobStatus.CANCELLED
)
#: Number ten is in `clean_ups`: it kills no job.
POINTS = (
    BEFORE_THE_BELL, AFTER_THE_BELL, AFTER_THE_CLAIM, AFTER_TAKING_REQUESTS, BEFORE_THE_COMMIT,
    BEFORE_THE_ACKNOWLEDGEMENT, BEFORE_THE_LAST_WORD, BEFORE_THE_FINISH, AFTER_THE_FINISH,
    AFTER_A_CANCEL, OBEYING_A_CANCEL,
)  # fmt: skip
