"""What does a request cost in the frontier, over Scrapy's scheduler in memory?

Nothing is downloaded: an engine of a few lines asks for requests, and each page "arrives" at once
with ten links. The same walk through memory is made in the same turn, and its time taken off.
"""

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from scrapy import Request, Spider
from scrapy.core.downloader import Downloader
from scrapy.core.scheduler import BaseScheduler, Scheduler
from scrapy.crawler import AsyncCrawlerRunner, Crawler
from scrapy_redis.scheduler import Scheduler as ScrapyRedisScheduler

from benchmarks import kumo
from benchmarks.installation import Installation
from benchmarks.question import Contender, Measure, Question, Sample
from orchestrator import frontiers
from spiders_project.frontier import Frontier

REQUESTS, REQUESTS_QUICK = 5_000, 100
LINKS, IN_FLIGHT = 10, 16
#: About what a crawl departs with at each of its checkpoints.
PAGES_A_CHECKPOINT = 250


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
    crawler = _crawler(settings)
    engine = Engine(crawler, kind.from_crawler(crawler), requests)
    began, cpu_began = time.perf_counter(), time.process_time()
    await engine.run()
    took, cpu = time.perf_counter() - began, time.process_time() - cpu_began
    engine.close()
    return took * 1e6 / requests, cpu * 1e6 / requests


class WalkSpider(Spider):
    """Only its name and its callback are used."""

    name = "walk"


class Engine:
    """Hands out and takes in requests as Scrapy's engine does, without a download."""

    def __init__(self, crawler: Crawler, scheduler: BaseScheduler, requests: int) -> None:
        self.scheduler = scheduler
        self._spider = WalkSpider.from_crawler(crawler)
        self._woken = asyncio.Event()
        self._requests = requests
        self._made = self._left = 0
        #: In the order they were handed out.
        self._in_progress: dict[Request, None] = {}
        self._slot = SimpleNamespace(
            inprogress=self._in_progress,
            nextcall=SimpleNamespace(schedule=self._woken.set),
            closing=None,
        )
        crawler.engine = self  # type: ignore[assignment]
        #: Scrapy's queue asks it which site is the least busy.
        self.downloader = Downloader(crawler)
        scheduler.open(self._spider)

    async def run(self) -> None:
        self._add_links(1)
        while self._left < self._requests:
            self._take()
            if self._in_progress:
                self._arrive(next(iter(self._in_progress)))
            else:
                await self._wait()
        self._checkpoint()

    def close(self) -> None:
        self.scheduler.close("finished")
        self.downloader.close()

    def _take(self) -> None:
        while len(self._in_progress) < IN_FLIGHT:
            request = self.scheduler.next_request()
            if request is None:
                return
            self._in_progress[request] = None

    def _arrive(self, request: Request) -> None:
        self._add_links(LINKS)
        del self._in_progress[request]
        self._left += 1
        if self._left % PAGES_A_CHECKPOINT == 0:
            self._checkpoint()

    def _add_links(self, count: int) -> None:
        for _ in range(min(count, self._requests - self._made)):
            self._made += 1
            url = f"http://127.0.0.1/pages/{self._made}"
            self.scheduler.enqueue_request(Request(url, callback=self._spider.parse))

    def _checkpoint(self) -> None:
        # Not isinstance: to Scrapy whatever has a scheduler's methods is an instance of each.
        if type(self.scheduler) is Frontier:
            self.scheduler.acknowledge(self.scheduler.depart())

    async def _wait(self) -> None:
        self._woken.clear()
        await self._woken.wait()


def _crawler(settings: dict[str, Any]) -> Crawler:
    quiet = {
        "TWISTED_REACTOR_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "EXTENSIONS_BASE": {},
        "DOWNLOAD_HANDLERS": {"http": None, "https": None},
    }
    crawler = AsyncCrawlerRunner(quiet | settings).create_crawler(WalkSpider)
    # Private: makes the statistics and the fingerprinter, as a crawl does when it begins.
    crawler._apply_settings()
    return crawler


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
