"""How many ten-page jobs are done in a minute with two slots, and what does one cost?"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil
from celery import group

from benchmarks import kumo, shop
from benchmarks.installation import Installation
from benchmarks.processes import cpu_seconds
from benchmarks.question import Contender, Measure, Question, Sample

PAGES = 10
JOBS, JOBS_QUICK = 30, 3


@contextmanager
def prepare(installation: Installation, quick: bool) -> Iterator[dict[str, Contender]]:
    from benchmarks.rivals.celery_subprocess import scrape  # it reads where the installation is

    names = [f"jobs-{number}" for number in range(JOBS_QUICK if quick else JOBS)]
    with (
        shop.opened(installation, PAGES) as site,
        installation.kumo_worker() as worker,
        installation.rival_worker() as rival,
    ):
        target_ids = [kumo.register(name, "shop", site.url) for name in names]
        jobs = group(scrape.s(name, site.url) for name in names)

        def run_kumo() -> None:
            kumo.wait_for(kumo.press_run_many(target_ids), items=site.products)

        def run_rival() -> None:
            jobs.apply_async().get(timeout=600)

        yield {
            kumo.NAME: lambda: _sample(run_kumo, len(names), worker, installation.storage),
            "Celery + subprocess scrapy crawl": lambda: _sample(
                run_rival, len(names), rival, installation.storage
            ),
        }


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
    title="Ten-page jobs, two slots",
    measures=(
        Measure("jobs", "a minute"),
        Measure("CPU", "s/job"),
        Measure("CPU of Postgres and Redis", "s/job"),
    ),
    rounds=3,
    prepare=prepare,
)
