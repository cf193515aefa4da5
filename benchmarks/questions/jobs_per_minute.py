"""How many ten-page jobs are done in a minute with two slots, and what does one cost?

Three hundred targets are asked for at once. The rivals, who know no targets, get a tenth of the
jobs: their rate is the same however many wait, and a turn of theirs takes as long as one of Kumo's.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import psutil
from celery import group

from benchmarks import kumo, scrapyd, shop
from benchmarks.installation import Installation
from benchmarks.processes import cpu_seconds
from benchmarks.question import Contender, Measure, Question, Reach, Sample
from benchmarks.rivals import CELERY

PAGES = 10
JOBS, JOBS_QUICK = 300, 3
#: One of a rival's for so many of ours.
PART = 10


@contextmanager
def prepare(installation: Installation, quick: bool) -> Iterator[dict[str, Contender]]:
    from benchmarks.rivals.celery_subprocess import scrape  # it reads where the installation is

    names = [f"jobs-{number}" for number in range(JOBS_QUICK if quick else JOBS)]
    few = names[: max(len(names) // PART, 1)]
    site = shop.opened(installation, PAGES)
    target_ids = [kumo.register(name, "shop", site.url) for name in names]
    jobs = group(scrape.s(name, site.url) for name in few)

    def metered(run: Callable[[], None], jobs: Sequence[str], worker: psutil.Process) -> Contender:
        return lambda: _sample(run, len(jobs), worker, installation.storage)

    def run_kumo() -> None:
        kumo.wait_for(kumo.press_run_many(target_ids), items=site.products)

    def run_celery() -> None:
        jobs.apply_async().get(timeout=600)

    def run_scrapyd(name: str) -> Contender:
        rival = scrapyd.running(installation, name)
        crawl = partial(rival.crawl, few, site.url, items=site.products)
        return metered(crawl, few, rival.process)

    contenders = {
        kumo.NAME: metered(run_kumo, names, installation.kumo_worker()),
        scrapyd.TUNED: run_scrapyd(scrapyd.TUNED),
        CELERY: metered(run_celery, few, installation.rival_worker()),
    }
    if not quick:
        contenders[scrapyd.DEFAULT] = run_scrapyd(scrapyd.DEFAULT)
    yield contenders


def _sample(
    run: Callable[[], None],
    jobs: int,
    worker: psutil.Process,
    storage: tuple[psutil.Process, ...],
) -> Sample:
    began, cpu_began, storage_began = time.monotonic(), cpu_seconds(worker), cpu_seconds(*storage)
    run()
    return {
        "jobs": jobs / (time.monotonic() - began) * 60,
        "CPU": (cpu_seconds(worker) - cpu_began) / jobs,
        "CPU of Postgres and Redis": (cpu_seconds(*storage) - storage_began) / jobs,
    }


QUESTION = Question(
    name="jobs-per-minute",
    title=f"Ten-page jobs of {JOBS} targets, two slots",
    measures=(
        Measure("jobs", "a minute", more=True),
        Measure("CPU", "s/job"),
        Measure("CPU of Postgres and Redis", "s/job"),
    ),
    rounds=5,
    prepare=prepare,
    warm=False,
    reaches=(
        Reach("ten-page jobs a minute", "jobs", 10, against=scrapyd.TUNED, at_least=True),
        Reach("CPU of such a job", "CPU", 0.09, against=scrapyd.TUNED),
    ),
)
