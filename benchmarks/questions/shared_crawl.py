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
from sqlalchemy.orm import Session

from benchmarks import kumo, processes
from benchmarks.installation import Installation
from benchmarks.question import Contender, Measure, Question, Sample
from orchestrator import database, triggers
from orchestrator.embedded import programs
from orchestrator.ledger import requests
from orchestrator.ledger.models import Crawl, ScrapingJob, Trigger
from orchestrator.ledger.requests import Answer, Terms

PAGES, PAGES_QUICK = 10_000, 60
CRAWLERS, IN_FLIGHT = 4, 2
_KILLED = 2
_LOOK_SECONDS = 0.05


@contextmanager
def prepare(installation: Installation, quick: bool) -> Iterator[dict[str, Contender]]:
    pages = PAGES_QUICK if quick else PAGES
    command = (*programs.worker("crawls"), "-l", "INFO", "--concurrency", str(CRAWLERS))
    log = installation.home / "shared.log"
    with (
        installation.site("benchmarks.slow_site", "--pages", str(pages)) as url,
        processes.running(command, log, environment={}),
    ):
        processes.said(log, r"crawls@\S+ ready")

        def crawl(crawlers: int, *, killed: int = 0) -> Sample:
            target_id = kumo.register(f"shared-{time.monotonic_ns()}", "lists", url)
            began = time.monotonic()
            job_id = _press(target_id, crawlers)
            killer = Thread(target=_kill, args=(job_id, killed, pages // 2))
            killer.start()
            kumo.wait_for([job_id], items=pages)
            killer.join()
            return {"pages": pages / (time.monotonic() - began)}

        yield {
            kumo.NAME: lambda: crawl(CRAWLERS),
            "one crawler": lambda: crawl(1),
            f"{CRAWLERS} crawlers, {_KILLED} killed half-way": lambda: crawl(
                CRAWLERS, killed=_KILLED
            ),
        }


def _press(target_id: int, crawlers: int) -> UUID:
    def ask(session: Session) -> Answer:
        answer = requests.request(session, target_id, Terms(Trigger.DASHBOARD))
        job = session.get_one(ScrapingJob, answer.job_id)
        settings = job.definition["settings"] | {"CONCURRENT_REQUESTS": IN_FLIGHT}
        job.definition = job.definition | {"crawlers": crawlers, "settings": settings}
        return answer

    return triggers.request_with(ask).job_id


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
    measures=(Measure("pages", "/s"),),
    rounds=1,
    prepare=prepare,
    long=True,
)
