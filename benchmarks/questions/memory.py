"""How much memory does a worker take that waits, and each further crawler process?

Processes share what they were forked with, and all the files that they loaded: what several share
counts in parts (the proportional set size), so that together it is there once.
"""

import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import partial

import psutil

from benchmarks import beside, kumo, scrapy_crawl, scrapyd, shop
from benchmarks.failure import BenchmarkFailed
from benchmarks.installation import Installation
from benchmarks.processes import share_mb
from benchmarks.question import Contender, Measure, Question, Reach, Sample
from benchmarks.questions.growth import WORKER_QUICK
from benchmarks.rivals import BARE, CELERY

LISTS, PAGES = 40, 10
_PATIENCE_SECONDS = 20
_IDLE, _FURTHER = "waiting", "a further crawler"


@contextmanager
def prepare(installation: Installation, quick: bool) -> Iterator[dict[str, Contender]]:
    from benchmarks.rivals.celery_subprocess import scrape  # it reads where the installation is

    settled = partial(_settled, seconds=0 if quick else _PATIENCE_SECONDS)
    site = shop.opened(installation, PAGES)
    lists = _HoldingSite(installation.site("benchmarks.list_site", "--pages", str(LISTS)))
    there = beside.opened(installation, "memory", served=True)
    ids = [there.ask(kumo.register, f"held-{place}", "lists", lists.start) for place in range(2)]
    few = there.ask(kumo.register, "few", "shop", site.url)

    def worker() -> AbstractContextManager[psutil.Process]:
        """A new one, that has done nothing else; in the quick form the one that is there."""
        if quick:
            return nullcontext(there.worker(installation, WORKER_QUICK))
        return installation.kumo_worker_apart("kumo-memory", there.environment)

    def daemon() -> AbstractContextManager[scrapyd.Scrapyd]:
        if quick:
            return nullcontext(scrapyd.running(installation, scrapyd.TUNED))
        return scrapyd.apart(installation, scrapyd.TUNED, "scrapyd-memory")

    def kumo_worker() -> Sample:
        with worker() as process, lists.released():
            there.ask(kumo.wait_for, [there.ask(kumo.press_run, few)], items=site.products)
            idle = settled(process)
            crawls = [partial(there.ask, kumo.press_run, each) for each in ids]
            return {_IDLE: idle, _FURTHER: lists.further(crawls, lambda: settled(process))}

    def scrapyd_daemon() -> Sample:
        with daemon() as rival:
            rival.crawl(["memory"], site.url, items=site.products)
            return {_IDLE: settled(rival.process)}

    def celery_worker() -> Sample:
        # The one that is there: it has nothing to do but what it is asked here.
        rival = installation.rival_worker()
        scrape.delay("memory", site.url).get(timeout=120)
        return {_IDLE: settled(rival)}

    def bare_crawls() -> Sample:
        processes: list[psutil.Process] = []
        with ExitStack() as stack, lists.released():

            def crawl() -> None:
                command = scrapy_crawl.command("bare_scrapy", "lists", lists.start)
                environment = scrapy_crawl.environment("bare_scrapy")
                name = f"bare-{len(processes)}"
                processes.append(
                    stack.enter_context(installation.started(name, command, environment))
                )

            return {_FURTHER: lists.further([crawl, crawl], lambda: settled(*processes))}

    yield {
        kumo.NAME: kumo_worker,
        scrapyd.TUNED: scrapyd_daemon,
        CELERY: celery_worker,
        BARE: bare_crawls,
    }


class _HoldingSite:
    """Lists, and one page that a crawl waits for when it has had all others."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.start = f"{url}/holding"

    def further(self, crawls: Sequence[Callable[[], object]], taken: Callable[[], float]) -> float:
        """The megabytes that the last of these crawls added to what was taken before it."""
        took = []
        for place, begin in enumerate(crawls, start=1):
            begin()
            self._wait(place)
            took.append(taken())
        return took[-1] - took[-2]

    @contextmanager
    def released(self) -> Iterator[None]:
        """Crawls may end afterwards."""
        try:
            yield
        finally:
            self._ask("DELETE")

    def _wait(self, held: int, *, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while int(self._ask("GET")) < held:
            if time.monotonic() > deadline:
                raise BenchmarkFailed(f"{held} crawls never came to the page that is held.")
            time.sleep(0.05)

    def _ask(self, method: str) -> bytes:
        # No proxy of the environment stands between us and the loopback.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        request = urllib.request.Request(f"{self._url}/_held", method=method)
        with opener.open(request, timeout=30) as answer:
            return bytes(answer.read())


def _settled(*processes: psutil.Process, seconds: float) -> float:
    """What they take once that changes no more."""
    deadline = time.monotonic() + seconds
    before, now = 0.0, share_mb(*processes)
    while abs(now - before) > 0.2 and time.monotonic() < deadline:
        # Longer than a crawl waits between two checkpoints.
        time.sleep(1.2)
        before, now = now, share_mb(*processes)
    return now


QUESTION = Question(
    name="memory",
    title="Memory, by proportional set size",
    measures=(Measure(_IDLE, "MB"), Measure(_FURTHER, "MB")),
    rounds=5,
    prepare=prepare,
    warm=False,
    reaches=(
        Reach("a worker that waits", _IDLE, 115),
        Reach("a further crawler", _FURTHER, 0.6, against=BARE),
    ),
)
