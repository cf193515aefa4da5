"""How much faster are four crawlers of one target, and what if two of them are killed?

The site takes 50 ms for each page and a crawler has two requests in flight, so one crawler waits
most of the time: what is measured is how well several share a frontier.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from uuid import UUID

import psutil
from sqlalchemy import select

from benchmarks import kumo
from benchmarks.installation import Installation
from benchmarks.question import Contender, Measure, Question, Reach, Sample
from orchestrator import database
from orchestrator.ledger.models import Crawl, Queue, ScrapingJob

PAGES, PAGES_QUICK = 10_000, 60
CRAWLERS, IN_FLIGHT = 4, 2
_KILLED = 2
_ONE = "one crawler"
_LOOK_SECONDS = 0.05
#: No other worker serves these targets.
_TAG = "shared"


@contextmanager
def prepare(installation: Installation, quick: bool) -> Iterator[dict[str, Contender]]:
    pages = PAGES_QUICK if quick else PAGES
    url = installation.site("benchmarks.slow_site", "--pages", str(pages))
    options = ("-Q", Queue.CRAWLS.of(_TAG), "-n", "shared@%h", "--concurrency", str(CRAWLERS))
    with installation.kumo_worker_apart("shared", None, *options):

        def crawl(crawlers: int, *, killed: int = 0) -> Sample:
            settings = {"CONCURRENT_REQUESTS": IN_FLIGHT}
            more = {"crawlers": crawlers, "settings": settings, "worker_tag": _TAG}
            target_id = kumo.register(f"shared-{time.monotonic_ns()}", "lists", url, **more)
            began = time.monotonic()
            job_id = kumo.press_run(target_id)
            killer = Thread(target=_kill, args=(job_id, killed, pages // 2))
            killer.start()
            kumo.wait_for([job_id], items=pages)
            killer.join()
            return {"pages": pages / (time.monotonic() - began)}

        yield {
            kumo.NAME: lambda: crawl(CRAWLERS),
            _ONE: lambda: crawl(1),
            f"{CRAWLERS} crawlers, {_KILLED} killed half-way": lambda: crawl(
                CRAWLERS, killed=_KILLED
            ),
        }


def _kill(job_id: UUID, count: int, items: int) -> None:
    """Kills so many of the job's crawlers when it has that many items."""
    while count:
        with database.transaction() as session:
            job = session.get_one(ScrapingJob, job_id)
            living = select(Crawl.pid).where(
                Crawl.job_id == job_id, Crawl.ended_at.is_(None), Crawl.pid.is_not(None)
            )
            pids = session.scalars(living.order_by(Crawl.number)).all()
            if job.status.is_final:
                return
        if job.items_scraped >= items:
            for pid in pids[:count]:
                psutil.Process(pid).kill()
            return
        time.sleep(_LOOK_SECONDS)


QUESTION = Question(
    name="shared-crawl",
    title=(
        f"A crawl of {PAGES:,} pages of 50 ms by {CRAWLERS} crawlers,"
        f" {IN_FLIGHT} requests in flight each"
    ),
    measures=(Measure("pages", "/s", more=True),),
    rounds=1,
    prepare=prepare,
    long=True,
    warm=False,
    reaches=(
        Reach("pages of a target with four crawlers", "pages", 3.5, against=_ONE, at_least=True),
    ),
)
