"""What Kumo's own steps cost, asked for in the process of an installation."""

import time
from statistics import median

import redis
from sqlalchemy import event, text

from benchmarks.question import Sample
from orchestrator import config, database, tasks
from orchestrator.sweep import sweep


def forget_jobs() -> None:
    """As if none had ever been asked for."""
    with database.transaction() as session:
        session.execute(text("TRUNCATE scraping_jobs CASCADE"))
    with redis.Redis.from_url(config.get().require_redis_url()) as client:
        client.flushdb()


def request_all() -> Sample:
    """A job for each active target; the rows are there with the last commit, bells follow."""
    commits: list[float] = []

    def note(_: object) -> None:
        commits.append(time.perf_counter())

    event.listen(database.engine(), "commit", note)
    began = time.perf_counter()
    tasks.scrape_all_active_targets()
    took = time.perf_counter() - began
    event.remove(database.engine(), "commit", note)
    rows = commits[-1] - began
    return {"rows": rows * 1_000, "bells": (took - rows) * 1_000}


def sweeps(count: int) -> Sample:
    """The median of so many, after one that is not kept."""
    took: list[float] = []
    cpu_began = 0.0
    for number in range(count + 1):
        if number == 1:
            cpu_began = time.process_time()
        began = time.perf_counter()
        sweep()
        took.append(time.perf_counter() - began)
    cpu = (time.process_time() - cpu_began) / count
    return {"sweep": median(took[1:]) * 1_000, "CPU of Kumo": cpu * 1_000}
