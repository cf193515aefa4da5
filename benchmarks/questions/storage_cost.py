"""What does Postgres, and what does Redis, have to do for a page, an item, a job, a bell, a sweep?

One Postgres and one Redis serve all machines, so this says where they are full. It is the CPU of
the two servers alone, whoever asked and from where, with all that they do in the background.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import psutil
import psycopg2

from benchmarks import kumo, shop
from benchmarks.installation import Installation
from benchmarks.list_site import ITEMS_A_PAGE
from benchmarks.processes import cpu_seconds
from benchmarks.question import Contender, Measure, Question, Sample
from demo.catalogue import PRICE_DAYS
from orchestrator import config, database, inspection, triggers
from orchestrator.ledger import targets
from orchestrator.ledger.checkpoints import Batch, CheckpointWriter
from orchestrator.ledger.models import Queue
from orchestrator.sweep import sweep

PAGES, LISTS, JOBS = 2_000, 200, 60
BELLS, CHECKPOINTS, SWEEPS, IDLE_SECONDS = 500, 1_000, 100, 15
_QUICK = 50
_FIRST_DAY = 300


@contextmanager
def prepare(installation: Installation, quick: bool) -> Iterator[dict[str, Contender]]:
    def of(number: int) -> int:
        return max(number // _QUICK, 10) if quick else number

    site, small = shop.opened(installation, of(PAGES)), shop.opened(installation, 10)
    url = installation.site("benchmarks.list_site", "--pages", str(of(LISTS)))
    installation.kumo_worker()
    crawls = _Crawls(site)
    job_ids = [kumo.register(f"cost-job-{number}", "shop", small.url) for number in range(of(JOBS))]
    idle = 0.5 if quick else IDLE_SECONDS

    def crawl_lists() -> None:
        target_id = kumo.register(next(crawls.names), "lists", url)
        kumo.wait_for([kumo.press_run(target_id)], items=of(LISTS) * ITEMS_A_PAGE)

    def run_jobs() -> None:
        kumo.wait_for(kumo.press_run_many(job_ids), items=small.products)

    works: dict[str, tuple[Callable[[], object], float]] = {
        "a page with a new item": (crawls.new, of(PAGES)),
        "a page with a changed item": (crawls.changed, of(PAGES)),
        "a page with an unchanged item": (crawls.unchanged, of(PAGES)),
        "a new item, fifty on a page": (crawl_lists, of(LISTS) * ITEMS_A_PAGE),
        "a job of ten pages": (run_jobs, of(JOBS)),
        "a checkpoint of nothing": (_checkpoints(of(CHECKPOINTS)), of(CHECKPOINTS)),
        "a bell that finds nothing": (_bells(of(BELLS), site), of(BELLS)),
        "a sweep": (lambda: [sweep() for _ in range(of(SWEEPS))], of(SWEEPS)),
        "a worker's idle minute": (lambda: time.sleep(idle), idle / 60),
    }
    meter = _Meter(installation.storage)
    yield {name: lambda work=work: meter.taken(*work) for name, work in works.items()}


class _Crawls:
    """Crawls of the shop, each of all its pages."""

    def __init__(self, site: shop.OpenShop) -> None:
        self._site = site
        self.names = (f"cost-{number}" for number in count())
        self._same = kumo.register("cost-unchanged", "shop", site.url)
        self._other = kumo.register("cost-changed", "shop", site.url)
        self._days = count(_FIRST_DAY, PRICE_DAYS)
        # What they found is changed, or not, by the crawls that are measured.
        self.unchanged()
        self.changed()

    def new(self) -> None:
        self._crawl(kumo.register(next(self.names), "shop", self._site.url))

    def unchanged(self) -> None:
        self._crawl(self._same)

    def changed(self) -> None:
        url = f"{self._site.url}/?day={next(self._days)}"
        with database.transaction() as session:
            target = targets.find(session, self._other)
            targets.change(session, target, {"arguments": {"start_url": url}})
        self._crawl(self._other)

    def _crawl(self, target_id: int) -> None:
        kumo.wait_for([kumo.press_run(target_id)], items=self._site.products)


def _checkpoints(number: int) -> Callable[[], None]:
    writer = CheckpointWriter(kumo.claimed("storage-cost"), lease_seconds=3_600)

    def commit() -> None:
        for _ in range(number):
            writer.commit(Batch())

    return commit


def _bells(number: int, site: shop.OpenShop) -> Callable[[], None]:
    """Rung again for a job that has ended long ago: a worker looks, and there is nothing to do."""
    target_id = kumo.register("bells", "shop", site.url)
    job_id = kumo.press_run(target_id)
    kumo.wait_for([job_id], items=site.products)

    def ring() -> None:
        triggers.ring([(job_id, target_id, 5, Queue.CRAWLS)] * number)
        while inspection.queue_length(Queue.CRAWLS):
            time.sleep(0.02)

    return ring


class _Meter:
    """What the two servers have done meanwhile."""

    def __init__(self, storage: tuple[psutil.Process, ...]) -> None:
        self._postgres, self._redis = storage
        self._connection: Any = psycopg2.connect(_plain_url())
        self._connection.autocommit = True

    def taken(self, run: Callable[[], object], units: float) -> Sample:
        before = self._read()
        run()
        after = self._read()
        # Milliseconds and kilobytes.
        each = [(now - then) * 1_000 / units for now, then in zip(after, before, strict=True)]
        return {"Postgres": each[0], "Redis": each[1], "written ahead": each[2]}

    def _read(self) -> tuple[float, float, float]:
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
            written = float(cursor.fetchone()[0])
        return cpu_seconds(self._postgres), cpu_seconds(self._redis), written / 1_000_000


def _plain_url() -> str:
    return config.get().require_database_url().replace("+psycopg2", "")


QUESTION = Question(
    name="storage-cost",
    title="What the two servers do for",
    measures=(
        Measure("Postgres", "CPU ms"),
        Measure("Redis", "CPU ms"),
        Measure("written ahead", "KB"),
    ),
    rounds=5,
    prepare=prepare,
    rivals=False,
)
