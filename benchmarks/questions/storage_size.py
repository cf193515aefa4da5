"""How many bytes does Postgres keep of an item, a change, a job, a line; and Redis of a request?

Of tables whose rows have just been written: what later updates leave behind, until vacuum has it
used again, comes on top.
"""

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import count
from uuid import uuid4

from redis import Redis
from scrapy import Request, Spider
from sqlalchemy import text

from benchmarks import kumo, shop
from benchmarks.installation import Installation
from benchmarks.question import Contender, Measure, Question, Sample
from demo.catalogue import PRICE_DAYS
from orchestrator import config, database, frontiers
from orchestrator.ledger import search, targets
from orchestrator.ledger.checkpoints import Batch, CheckpointWriter, LogLine
from spiders_project import records
from spiders_project.leases import LeaseBook, Push, Trip

PAGES, PAGES_QUICK = 5_000, 20
JOBS, JOBS_QUICK = 300, 3
LINES, REQUESTS = 20_000, 20_000
_FIRST_DAY = 300
#: What is kept of a job beside its items and the samples of its pages.
_OF_A_JOB = (
    "scraping_jobs", "crawls", "job_progress", "job_log_lines", "job_judgements", "change_sets",
)  # fmt: skip

_SIZES = text("""
SELECT relname::text AS name, pg_table_size(oid) AS rows, pg_indexes_size(oid) AS indexes
FROM pg_class WHERE relname = ANY(:tables) AND relkind = 'r'
""")


@contextmanager
def prepare(installation: Installation, quick: bool) -> Iterator[dict[str, Contender]]:
    pages, jobs = (PAGES_QUICK, JOBS_QUICK) if quick else (PAGES, JOBS)
    many = PAGES_QUICK if quick else LINES
    site, small = shop.opened(installation, pages), shop.opened(installation, 10)
    installation.kumo_worker()
    names = (f"sized-{number}" for number in count())

    def crawl(target_id: int, day: int = _FIRST_DAY) -> None:
        with database.transaction() as session:
            url = f"{site.url}/?day={day}"
            target = targets.find(session, target_id)
            targets.change(session, target, {"arguments": {"start_url": url}})
        kumo.wait_for([kumo.press_run(target_id)], items=site.products)

    def item() -> Sample:
        target_id = kumo.register(next(names), "shop", site.url)
        return _grown(lambda: crawl(target_id), site.products, "scraped_items")

    def words() -> Sample:
        search.catch_up(seconds=600)
        crawl(kumo.register(next(names), "shop", site.url))
        return _grown(lambda: search.catch_up(seconds=600), site.products, "item_words")

    def revision() -> Sample:
        crawl(target_id := kumo.register(next(names), "shop", site.url))
        later = _FIRST_DAY + PRICE_DAYS
        return _grown(lambda: crawl(target_id, later), site.products, "item_revisions")

    def small_jobs() -> Callable[[], None]:
        ids = [kumo.register(next(names), "shop", small.url) for _ in range(jobs)]
        return lambda: kumo.wait_for(kumo.press_run_many(ids), items=small.products)

    yield {
        "an item": item,
        "its words, for search": words,
        "what it was before a change": revision,
        "a job of ten pages": lambda: _grown(small_jobs(), jobs, *_OF_A_JOB),
        "samples of a job's pages": lambda: _grown(small_jobs(), jobs, "page_samples"),
        "a line of a log": lambda: _grown(lambda: _log(many), many, "job_log_lines"),
        "a request that waits, in Redis": lambda: _requests(many)[0],
        "one that is done, in Redis": lambda: _requests(many)[1],
    }


def _grown(run: Callable[[], object], rows: int, *tables: str) -> Sample:
    """What the tables have taken more, each row."""
    before = _sizes(tables)
    run()
    after = _sizes(tables)
    grown = {part: (after[part] - before[part]) / rows for part in before}
    return {"all": sum(grown.values()), "indexes": grown["indexes"]}


def _sizes(tables: tuple[str, ...]) -> Mapping[str, int]:
    with database.transaction() as session:
        sizes = session.execute(_SIZES, {"tables": list(tables)}).all()
    return {part: sum(getattr(row, part) for row in sizes) for part in ("rows", "indexes")}


def _log(lines: int) -> None:
    at = datetime.now(UTC)
    message = "Crawled 4,711 pages (at 312 pages/min), scraped 4,622 items (at 306 items/min)"
    with closing(CheckpointWriter(kumo.claimed(f"log-{uuid4()}"), lease_seconds=3_600)) as writer:
        for first in range(0, lines, 500):
            numbers = range(first, min(first + 500, lines))
            batch = [LogLine(number, logging.INFO, at, "shop", message) for number in numbers]
            writer.commit(Batch(lines=batch))


def _requests(number: int) -> tuple[Sample, Sample]:
    """Of so many in one frontier, while they wait and when they are done."""
    job_id, spider = str(uuid4()), _Walk(name="walk")
    urls = [f"https://shop.example/products/KM-{each:06d}" for each in range(number)]
    requests = [Request(url, callback=spider.parse) for url in urls]
    pushes = [
        Push(hashlib.sha1(each.url.encode()).digest(), place, records.write(each, spider))
        for place, each in enumerate(requests)
    ]
    with closing(LeaseBook(job_id, 1)) as book:
        book.open(afresh=False)
        before = _used()
        for part in _parts(pushes):
            book.travel(Trip(pushes=part), take=0, lease_seconds=60)
        waiting = _used()
        for part in _parts(pushes):
            book.travel(Trip(done=[each.id for each in part]), take=0, lease_seconds=60)
        done = _used()
    frontiers.delete(job_id)
    return {"all": (waiting - before) / number}, {"all": (done - before) / number}


def _parts(pushes: list[Push]) -> Iterator[list[Push]]:
    return (pushes[first : first + 500] for first in range(0, len(pushes), 500))


def _used() -> int:
    with Redis.from_url(config.get().require_redis_url()) as client:
        return int(client.info("memory")["used_memory"])


class _Walk(Spider):
    """Only the name of its callback is used."""


QUESTION = Question(
    name="storage-size",
    title="What is kept",
    measures=(Measure("all", "bytes"), Measure("indexes", "bytes")),
    rounds=1,
    prepare=prepare,
    rivals=False,
)
