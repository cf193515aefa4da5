"""What does a request cost in the frontier, over Scrapy's scheduler in memory?

Nothing is downloaded: an engine of a few lines asks for requests, and each page "arrives" at once
with ten links. The same walk through memory is made in the same turn, and its time taken off.
"""

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from scrapy.core.scheduler import Scheduler
from scrapy_redis.scheduler import Scheduler as ScrapyRedisScheduler

from benchmarks import kumo, walking
from benchmarks.installation import Installation
from benchmarks.question import Contender, Measure, Question, Sample
from orchestrator import frontiers
from spiders_project.frontier import Frontier

REQUESTS, REQUESTS_QUICK = 5_000, 100
LINKS = 10


@contextmanager
def prepare(installation: Installation, quick: bool) -> Iterator[dict[str, Contender]]:
    requests = REQUESTS_QUICK if quick else REQUESTS
    claim = kumo.claimed("frontier-cost")
    own = {"KUMO_CLAIM": claim, "KUMO_FRONTIER_MOST": 1_000_000}
    redis_url = os.environ["RIVAL_REDIS_URL"]
    theirs = {
        "REDIS_URL": redis_url,
        "DUPEFILTER_CLASS": "scrapy_redis.dupefilter.RFPDupeFilter",
        "SCHEDULER_FLUSH_ON_START": True,
    }

    def walk_frontier() -> Sample:
        frontiers.delete(claim.job_id)
        return _over_memory(Frontier, own, requests)

    yield {
        kumo.NAME: walk_frontier,
        "scrapy-redis": lambda: _over_memory(ScrapyRedisScheduler, theirs, requests),
    }
    frontiers.delete(claim.job_id)


def _over_memory(kind: type[Any], settings: dict[str, Any], requests: int) -> Sample:
    plain_time, plain_cpu = asyncio.run(_walk(Scheduler, {}, requests))
    whole_time, whole_cpu = asyncio.run(_walk(kind, settings, requests))
    return {
        "in memory": plain_time,
        "over memory": whole_time - plain_time,
        "CPU over memory": whole_cpu - plain_cpu,
    }


async def _walk(kind: type[Any], settings: dict[str, Any], requests: int) -> tuple[float, float]:
    """Microseconds a request, of the clock and of this process's CPU."""

    def links(made: int, _: int) -> int:
        return min(LINKS, requests - made)

    crawler = walking.crawler(settings)
    engine = walking.Engine(crawler, kind.from_crawler(crawler), links)
    began, cpu_began = time.perf_counter(), time.process_time()
    await engine.run(pages=requests)
    took, cpu = time.perf_counter() - began, time.process_time() - cpu_began
    engine.close()
    return took * 1e6 / requests, cpu * 1e6 / requests


QUESTION = Question(
    name="frontier-cost",
    title="To queue and take one request",
    measures=(
        Measure("in memory", "µs"),
        Measure("over memory", "µs"),
        Measure("CPU over memory", "µs"),
    ),
    rounds=7,
    prepare=prepare,
)
