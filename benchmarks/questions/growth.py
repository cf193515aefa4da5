"""Do a job's start and a sweep take longer with ten thousand targets than with ten?"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks import beside, kumo, kumo_costs, many_rows, shop
from benchmarks.installation import Installation
from benchmarks.question import Contender, Measure, Question, Reach, Sample

PAGES = 10
FEW, MANY, MANY_QUICK = 10, 10_000, 20
#: The worker of the quick form.
WORKER_QUICK = "kumo-beside"
STARTS, SWEEPS = 5, 20

FEW_TARGETS, MANY_TARGETS = f"{FEW} targets", f"{MANY:,} targets"


@contextmanager
def prepare(installation: Installation, quick: bool) -> Iterator[dict[str, Contender]]:
    site = shop.opened(installation, PAGES)
    starts, sweeps = (1, 1) if quick else (STARTS, SWEEPS)

    def among(targets: int) -> Contender:
        there = beside.opened(installation, f"among-{targets}", served=True)
        name = f"among-{targets}"
        target_id = there.ask(kumo.register, name, "shop", site.url, cached=True)
        many_rows.add_targets(there.database_url, targets - 1)
        there.worker(installation, WORKER_QUICK if quick else name)

        def turn() -> Sample:
            # One start is too short to be told from the next.
            began = sorted(_start(there, target_id, site) for _ in range(starts))
            return {**there.ask(kumo_costs.sweeps, sweeps), "first request": began[starts // 2]}

        return turn

    yield {MANY_TARGETS: among(MANY_QUICK if quick else MANY), FEW_TARGETS: among(FEW)}


def _start(there: beside.Beside, target_id: int, site: shop.OpenShop) -> float:
    """Milliseconds from the button to the first request."""
    site.forget()
    pressed_at = time.time()
    job_id = there.ask(kumo.press_run, target_id)
    there.ask(kumo.wait_for, [job_id], items=site.products)
    return (site.first_request_at() - pressed_at) * 1_000


QUESTION = Question(
    name="growth",
    title="A job's start and a sweep, by the number of targets",
    measures=(
        Measure("first request", "ms"),
        Measure("sweep", "ms"),
        Measure("CPU of Kumo", "ms"),
    ),
    rounds=7,
    prepare=prepare,
    reaches=(
        Reach("job start, 10,000 over 10 targets", "first request", 1.2, against=FEW_TARGETS),
        Reach("sweep, 10,000 over 10 targets", "sweep", 1.2, against=FEW_TARGETS),
    ),
)
