"""A walk: an engine of a few lines that asks a scheduler for requests and downloads nothing."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from scrapy import Request, Spider
from scrapy.core.downloader import Downloader
from scrapy.core.scheduler import BaseScheduler
from scrapy.crawler import AsyncCrawlerRunner, Crawler

from spiders_project.frontier import Frontier

IN_FLIGHT = 16
#: About what a crawl departs with at each of its checkpoints.
PAGES_A_CHECKPOINT = 250

#: How many new links a page has, by how many requests were made and how many are done.
Links = Callable[[int, int], int]


class WalkSpider(Spider):
    """Only its name and its callback are used."""

    name = "walk"


class Engine:
    """Hands out and takes in requests as Scrapy's engine does, without a download."""

    def __init__(self, crawler: Crawler, scheduler: BaseScheduler, links: Links) -> None:
        self.scheduler = scheduler
        #: Told of each page that is done.
        self.tell: Callable[[], None] = lambda: None
        self._spider = WalkSpider.from_crawler(crawler)
        self._woken = asyncio.Event()
        self._links = links
        self.made = self.left = 0
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

    async def run(self, *, pages: int, starts: int = 1) -> None:
        self._add_links(starts)
        while self.left < pages:
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
        self._add_links(self._links(self.made, self.left))
        del self._in_progress[request]
        self.left += 1
        if self.left % PAGES_A_CHECKPOINT == 0:
            self._checkpoint()
        self.tell()

    def _add_links(self, count: int) -> None:
        for _ in range(count):
            self.made += 1
            url = f"http://127.0.0.1/pages/{self.made}"
            self.scheduler.enqueue_request(Request(url, callback=self._spider.parse))

    def _checkpoint(self) -> None:
        # Not isinstance: to Scrapy whatever has a scheduler's methods is an instance of each.
        if type(self.scheduler) is Frontier:
            self.scheduler.acknowledge(self.scheduler.depart())

    async def _wait(self) -> None:
        self._woken.clear()
        await self._woken.wait()


def crawler(settings: dict[str, Any]) -> Crawler:
    """What a scheduler needs of a crawl, and no more."""
    quiet = {
        "TWISTED_REACTOR_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "EXTENSIONS_BASE": {},
        "DOWNLOAD_HANDLERS": {"http": None, "https": None},
    }
    made = AsyncCrawlerRunner(quiet | settings).create_crawler(WalkSpider)
    # Private: makes the statistics and the fingerprinter, as a crawl does when it begins.
    made._apply_settings()
    return made
