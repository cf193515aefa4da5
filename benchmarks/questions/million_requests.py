"""Does a request cost more in a crawl of a million than among its first ten thousand?

Nothing is downloaded, so that what is seen is the frontier; see `benchmarks.long_walk`.
"""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

from benchmarks import kumo, long_walk
from benchmarks.installation import Installation
from benchmarks.question import GROWTH, Contender, Measure, Question, Reach, Sample
from orchestrator import frontiers

REQUESTS, REQUESTS_QUICK = 1_000_000, 2_000


@contextmanager
def prepare(installation: Installation, quick: bool) -> Iterator[dict[str, Contender]]:
    requests = REQUESTS_QUICK if quick else REQUESTS
    claim = kumo.claimed("million-requests")

    def walk() -> Sample:
        frontiers.delete(claim.job_id)
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
            return process.submit(long_walk.walk, claim, requests).result()

    yield {kumo.NAME: walk}
    frontiers.delete(claim.job_id)


QUESTION = Question(
    name="million-requests",
    title=f"A walk of {REQUESTS:,} requests, by what waits",
    measures=(
        Measure("first", "µs"),
        Measure("half a million waiting", "µs"),
        Measure("last", "µs"),
        Measure(GROWTH, "×"),
        Measure("memory", "MB"),
        Measure("pending", "bytes"),
    ),
    rounds=5,
    prepare=prepare,
    rivals=False,
    warm=False,
    reaches=(
        Reach("a request, late over the first 10,000", GROWTH, 1.2),
        Reach("memory of a crawl of a million", "memory", 200),
        Reach("Redis, each pending request", "pending", 400),
    ),
)
