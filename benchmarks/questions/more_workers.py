"""Do more workers crawl more, as long as Postgres, Redis and the cores are not full?

Each target has a site of its own that takes its time and is given few requests at once, so what is
counted is not what a core can do. The sites, the workers and the servers share one machine here,
whose cores are full sooner than those of many machines.
"""

import re
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from socket import gethostname

import psutil

from benchmarks import kumo
from benchmarks.failure import BenchmarkFailed
from benchmarks.installation import SLOTS, Installation
from benchmarks.processes import cpu_seconds
from benchmarks.question import Contender, Measure, Question, Sample
from demo.catalogue import Shop
from orchestrator import celery, database
from orchestrator.ledger import sites
from orchestrator.ledger.models import Queue

PAGES, PAGES_QUICK = 100, 10
DELAY_SECONDS, IN_FLIGHT = 0.1, 2
WORKERS = (1, 2, 4)
#: Each loopback address is another site; as many as the most workers crawl at once.
_SITES = tuple(f"127.0.77.{number}" for number in range(1, max(WORKERS) * SLOTS + 1))
#: No other worker serves these targets.
_TAG = "more"
_QUEUE = Queue.CRAWLS.of(_TAG)
_EVERYWHERE = "0.0.0.0"
_NAMES = tuple(f"kumo-{number}@{gethostname()}" for number in range(1, max(WORKERS) + 1))


@contextmanager
def prepare(installation: Installation, quick: bool) -> Iterator[dict[str, Contender]]:
    pages = PAGES_QUICK if quick else PAGES
    options = ("--host", _EVERYWHERE, "--port", "0", "--day", "300", "--pages", str(pages))
    url = installation.site("demo", *options, "--delay", str(DELAY_SECONDS))
    with ExitStack() as stack:
        running = [stack.enter_context(_worker(installation, name)) for name in _NAMES]
        target_ids = [_target(url.replace(_EVERYWHERE, site)) for site in _SITES]
        roots = ([installation.storage[0]], [installation.storage[1]], running)

        def crawl(workers: int) -> Sample:
            _serve(workers)
            before, began = [cpu_seconds(*each) for each in roots], time.monotonic()
            kumo.wait_for(kumo.press_run_many(target_ids), items=Shop(pages).size)
            seconds = time.monotonic() - began
            used = [cpu_seconds(*each) - then for each, then in zip(roots, before, strict=True)]
            parts = dict(zip(("Postgres", "Redis", "workers"), used, strict=True))
            speed = len(target_ids) * pages / seconds
            return {"speed": speed} | {name: each / seconds * 100 for name, each in parts.items()}

        # Whoever has crawled once is prepared.
        crawl(max(WORKERS))
        yield {f"workers: {number}": partial(crawl, number) for number in WORKERS}


def _target(url: str) -> int:
    name = url.removeprefix("http://")
    with database.transaction() as session:
        sites.save(session, name, requests_per_second=0, in_flight=IN_FLIGHT)
    return kumo.register(re.sub(r"\W", "-", name), "shop", url, worker_tag=_TAG)


def _worker(installation: Installation, name: str) -> AbstractContextManager[psutil.Process]:
    return installation.kumo_worker_apart(name.partition("@")[0], None, "-Q", _QUEUE, "-n", name)


def _serve(workers: int) -> None:
    """So many take bells from now on; the others go on sweeping."""
    for place, name in enumerate(_NAMES):
        order = (
            celery.app.control.add_consumer
            if place < workers
            else celery.app.control.cancel_consumer
        )
        if not order(_QUEUE, destination=[name], reply=True, timeout=10, limit=1):
            raise BenchmarkFailed(f"{name} does not answer.")


QUESTION = Question(
    name="more-workers",
    title=f"{len(_SITES)} sites of {PAGES} pages that take {DELAY_SECONDS * 1_000:.0f} ms, "
    f"{IN_FLIGHT} requests at once each; workers of {SLOTS} slots",
    measures=(
        Measure("speed", "pages/s"),
        Measure("Postgres", "% of a core"),
        Measure("Redis", "% of a core"),
        Measure("workers", "% of a core"),
    ),
    rounds=5,
    prepare=prepare,
    rivals=False,
)
