"""Targets and jobs brought to where a test needs them, through the ledger's own verbs."""

import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, timedelta
from functools import cache
from threading import Barrier
from typing import Any, TypeVar

from argon2 import PasswordHasher
from sqlalchemy import text
from sqlalchemy.orm import Session

from orchestrator import database
from orchestrator.ledger import endings, jobs, requests, targets, ticks
from orchestrator.ledger.claims import Claim
from orchestrator.ledger.ends import End, Ending
from orchestrator.ledger.jobs import Ended
from orchestrator.ledger.models import JobStatus, Requested, Role, ScrapingJob, Trigger, User
from orchestrator.ledger.requests import Answer, Terms

T = TypeVar("T")
U = TypeVar("U")

PASSWORD = "correct horse battery"
COMPLETED = End(Ending.COMPLETED, "finished")
HANDED_BACK = End(Ending.HANDED_BACK, "stopped")
BROKEN = End(Ending.BROKEN, "site_unreachable", "No start page could be read: status 503.")
DIED = End(Ending.DIED, "signal_9", "The crawler was killed by signal 9.")
IMPOSSIBLE = End(Ending.IMPOSSIBLE, "no_spider", "There is no spider of that name.")


def a_target(name: str = "shop", **fields: Any) -> int:
    with database.transaction() as session:
        return targets.register(session, {"name": name, "spider": "shop"} | fields).id


def a_person(name: str, *, role: Role = Role.OPERATOR, password: str = PASSWORD) -> int:
    """Somebody who may sign in, with a hash that a test need not work for as for a real one's."""
    with database.transaction() as session:
        user = User(name=name, password_hash=_weak_hash(password), role=role)
        session.add(user)
        session.flush()
        return user.id


@cache
def _weak_hash(password: str) -> str:
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(password)


def a_job(target_id: int, **terms: Any) -> uuid.UUID:
    return answer(target_id, **terms).job_id


def answer(target_id: int, *, job_id: uuid.UUID | None = None, **terms: Any) -> Answer:
    terms = {"trigger": Trigger.CLI} | terms
    with database.transaction() as session:
        return requests.request(session, target_id, Terms(**terms), job_id=job_id)


def requested_together(session: Session, ids: list[int], **terms: Any) -> list[Answer]:
    return requests.request_many(session, ids, Terms(Trigger.BEAT, **terms))


def an_open_window() -> str:
    """One that closes in an hour, by the clock of UTC."""
    return _window(hours=-1)


def a_closed_window() -> str:
    """One that opens in two hours."""
    return _window(hours=2)


def _window(*, hours: int) -> str:
    opens = do(ticks.now).astimezone(UTC) + timedelta(hours=hours)
    closes = opens + timedelta(hours=2)
    return f"{opens:%H:%M}-{closes:%H:%M}"


def a_shared_job(target_id: int, crawlers: int) -> uuid.UUID:
    """A job that so many crawls may serve at once."""
    job_id = a_job(target_id)
    execute(
        "UPDATE scraping_jobs SET definition = definition || jsonb_build_object('crawlers', :n)"
        " WHERE id = :id",
        n=crawlers,
        id=job_id,
    )
    return job_id


def claim(job_id: uuid.UUID, *, lease_seconds: float = 60) -> Claim | None:
    with database.transaction() as session:
        return jobs.claim(session, job_id, worker="w@here", lease_seconds=lease_seconds)


def finish(
    job_id: uuid.UUID, end: End, *, attempt: int = 1, number: int = 0, retry_seconds: float = 30
) -> Ended | None:
    with database.transaction() as session:
        return endings.finish(
            session, job_id, attempt, end, retry_seconds=retry_seconds, number=number
        )


def do(verb: Callable[..., T], *ids: Any, **options: Any) -> T:
    """A verb of the ledger in a transaction of its own."""
    with database.transaction() as session:
        return verb(session, *ids, **options)


def job(job_id: uuid.UUID) -> ScrapingJob:
    with database.transaction() as session:
        found = session.get(ScrapingJob, job_id)
        assert found is not None
        return found


def brought_to(status: JobStatus, target_id: int, requested: Requested | None = None) -> uuid.UUID:
    """A job of the target that stands there, as a first attempt."""
    job_id = a_job(target_id)
    if status is JobStatus.PAUSED:
        do(jobs.pause, job_id)
    if status in (JobStatus.RUNNING, JobStatus.COMPLETED, JobStatus.FAILED):
        assert claim(job_id)
    if status is JobStatus.COMPLETED:
        finish(job_id, COMPLETED)
    if status is JobStatus.FAILED:
        finish(job_id, IMPOSSIBLE)
    if status is JobStatus.CANCELLED or requested is Requested.CANCEL:
        do(jobs.cancel, job_id)
    if requested is Requested.PAUSE:
        do(jobs.pause, job_id)
    return job_id


def execute(sql: str, **parameters: Any) -> Any:
    with database.transaction() as session:
        done = session.execute(text(sql), parameters)
        return done.all() if done.returns_rows else done.rowcount  # type: ignore[attr-defined]


def count(table: str, where: str = "true", **parameters: Any) -> int:
    return int(execute(f"SELECT count(*) FROM {table} WHERE {where}", **parameters)[0][0])


def overtaken(
    first: Callable[[Session], T], second: Callable[[Session], U]
) -> tuple[T, U | Exception]:
    """Both at once: `second` begins while `first` is not yet committed, and ends after it.

    Answers what the first gave, and what the second gave or raised.
    """
    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as session:
            one = first(session)
            other = pool.submit(_outcome, second)
            await_lock_or_end(other)
        return one, other.result(timeout=10)


def at_once(number: int, function: Callable[[int], T]) -> list[T]:
    """The function in so many threads, all released at the same moment."""
    barrier = Barrier(number)

    def released(each: int) -> T:
        barrier.wait(timeout=10)
        return function(each)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(released, range(number)))


def _outcome(verb: Callable[[Session], U]) -> U | Exception:
    try:
        with database.transaction() as session:
            return verb(session)
    except Exception as error:  # noqa: BLE001  # the test looks at it
        return error


def await_lock_or_end(other: "Future[Any]") -> None:
    """Until it is done or waits for somebody's lock."""
    waiting = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    limit = time.monotonic() + 10
    while not other.done() and not execute(waiting)[0][0]:
        assert time.monotonic() < limit, "it neither ended nor waited for a lock"
        time.sleep(0.005)


def made_due(job_id: uuid.UUID) -> None:
    execute("UPDATE scraping_jobs SET run_after = now() WHERE id = :id", id=job_id)
