"""What does one sweep cost while a thousand jobs wait, and does it matter how many have ended?

The jobs wait as they do when all workers are busy: their bells are in Redis, rung a moment ago.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks import beside, kumo, kumo_costs, many_rows
from benchmarks.installation import Installation
from benchmarks.question import Contender, Measure, Question, Reach, Sample

PENDING, PENDING_QUICK = 1_000, 10
FINISHED, FINISHED_QUICK = 1_000_000, 100
SWEEPS, SWEEPS_QUICK = 20, 1

NONE = "no other jobs"


@contextmanager
def prepare(installation: Installation, quick: bool) -> Iterator[dict[str, Contender]]:
    pending = PENDING_QUICK if quick else PENDING
    finished = FINISHED_QUICK if quick else FINISHED
    sweeps = SWEEPS_QUICK if quick else SWEEPS
    used: list[beside.Beside] = []

    def sweeping(name: str, ended: int) -> Contender:
        there = beside.opened(installation, name)
        there.ask(kumo.register, name, "shop", "http://127.0.0.1:9/")
        many_rows.add_targets(there.database_url, pending - 1)
        if ended:
            many_rows.add_finished_jobs(there.database_url, ended)
        there.ask(kumo_costs.request_all)
        used.append(there)

        def turn() -> Sample:
            return there.ask(kumo_costs.sweeps, sweeps)

        return turn

    yield {
        f"{FINISHED:,} that ended": sweeping("ended", finished),
        NONE: sweeping("pending", 0),
    }
    for each in used:
        each.ask(kumo_costs.forget_jobs)


QUESTION = Question(
    name="sweep-cost",
    title=f"A sweep while {PENDING:,} jobs wait",
    measures=(Measure("sweep", "ms"), Measure("CPU of Kumo", "ms")),
    rounds=7,
    prepare=prepare,
    reaches=(
        Reach("a sweep beside a million ended jobs", "sweep", 20),
        Reach("the same, over none that ended", "sweep", 1.2, against=NONE),
    ),
)
