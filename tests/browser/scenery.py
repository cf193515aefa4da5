"""More of a lively ledger than lists need: history, progress, workers, people, searchable items.

What `tests/dashboard/rows.py` fills is there already; with this no page is empty.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from orchestrator import database as storage
from orchestrator import sites
from orchestrator.ledger import budgets, finding, lexemes, people, ticks, tokens
from orchestrator.ledger import sites as ledger_sites
from orchestrator.ledger.models import (
    AuditEntry,
    ChargedPage,
    Export,
    ItemAbsence,
    ItemRevision,
    ItemWords,
    JobProgress,
    JobStatus,
    Role,
    Scope,
    ScrapedItem,
    ScrapingJob,
    ScrapingTarget,
    Trigger,
    Worker,
)
from orchestrator.sites import Cause, Wait
from spiders_project.complaints import Complaint
from spiders_project.turn_books import Asking, SharedTurns
from tests.dashboard import rows

Jobs = dict[str, ScrapingJob]

PASSWORD = "only for pictures"

_STATS = {
    "downloader/request_bytes": 28_311,
    "downloader/request_count": 68,
    "downloader/request_method_count/GET": 68,
    "downloader/response_bytes": 1_234_567,
    "downloader/response_count": 68,
    "downloader/response_status_count/200": 66,
    "downloader/response_status_count/404": 1,
    "downloader/response_status_count/503": 1,
    "dupefilter/filtered": 310,
    "elapsed_time_seconds": 9.914_2,
    "item_scraped_count": 60,
    "log_count/ERROR": 1,
    "log_count/INFO": 40,
    "log_count/WARNING": 1,
    "memusage/max": 88_100_864,
    "memusage/startup": 65_003_520,
    "request_depth_max": 5,
    "retry/count": 1,
    "retry/reason_count/503 Service Unavailable": 1,
    "robotstxt/request_count": 1,
    "spider_exceptions/ValueError": 1,
}


def furnish(session: Session, jobs: Jobs) -> None:
    _people(session)
    _workers(session)
    _tags(session)
    _history(session, jobs["running"].target_id, pages=1_900)
    _history(session, jobs["completed"].target_id, pages=60)
    _waiting(session)
    jobs["completed"].stats = _STATS
    for kind in ("running", "failed", "completed", "paused"):
        _progress(session, jobs[kind])
    _given_up(session, jobs["completed"])
    _items(session, jobs)
    _many_items(session)
    _exports(session, jobs["completed"].target_id)
    _sites(session, jobs["running"])


@contextmanager
def ordinary_names() -> Iterator[None]:
    """For a while no target has a name that is there to try the pages."""
    query = select(ScrapingTarget).where(ScrapingTarget.name.startswith("a-target-with"))
    with storage.transaction() as session:
        target = session.scalars(query).one()
        long, target.name = target.name, "furniture"
    yield
    with storage.transaction() as session:
        session.get_one(ScrapingTarget, target.id).name = long


def first_item(session: Session, job_id: UUID) -> int:
    """The one with a history."""
    query = select(func.min(ScrapedItem.id)).where(ScrapedItem.last_job_id == job_id)
    return session.scalar(query) or 0


def _sites(session: Session, job: ScrapingJob) -> None:
    """One that is crawled slowly, one that wants to be left alone, and one without a crawl."""
    ledger_sites.save(session, "books.example", requests_per_second=0.5, note="they asked for it")
    book = SharedTurns(str(job.id))
    for name in ("shop.example", "stationery.example:8080"):
        sites.tell(name, budgets.default(name))
        book.ask(name, Asking(wanted=1, delay=2))
        book.note_use(name)
    book.complain("shop.example", Complaint(3_000, too_many=True))
    book.note_wait(Wait("shop.example", Cause.ASKED, datetime.now(UTC) + timedelta(minutes=50)))
    book.close()


def _people(session: Session) -> None:
    for name, role in (("hanako", Role.ADMIN), ("佐藤 健", Role.OPERATOR), ("vera", Role.VIEWER)):
        user = people.add(session, name, PASSWORD, role=role)
        session.flush()
        tokens.make(session, user.id, f"nightly report of {name}", Scope.READ, timedelta(days=90))
    actions = ("sign_in", "target.run", "job.cancel", "target.enable", "user.add", "export.take")
    for number in range(60):
        action = actions[number % len(actions)]
        subject = "hanako" if action == "sign_in" else "tokyo_prices"
        at = func.now() - timedelta(hours=3 * number)
        session.add(AuditEntry(who="hanako", action=action, subject=subject, at=at))


def _workers(session: Session) -> None:
    said = {
        "pid": 4711,
        "versions": {"kumo": "0.1.0", "python": "3.11.7", "scrapy": "2.19.0", "celery": "5.7.0"},
        "memory_bytes": 231_000_000,
        "started_at": func.now() - timedelta(days=3),
    }
    spiders = ["books_toscrape", "demo_shop"]
    for number in (1, 2):
        name = f"crawls@kumo-{number}"
        session.add(Worker(name=name, queues=["crawls"], slots=4, spiders=spiders, **said))
    session.add(Worker(name="control@kumo-1", queues=["control"], slots=2, **said))
    long_ago = func.now() - timedelta(hours=9)
    session.add(Worker(name="crawls@old", queues=["crawls"], slots=2, seen_at=long_ago, **said))
    for name in (ticks.BEAT, ticks.SWEEP, ticks.SEARCH):
        ticks.tick(session, name)


def _tags(session: Session) -> None:
    for target in session.scalars(select(ScrapingTarget)):
        target.tags = ["shops", "daily"] if target.name == "demo_shop" else ["文房具"]


def _history(session: Session, target_id: int, *, pages: int) -> None:
    """Thirty nights; a few of them went wrong."""
    target = session.get_one(ScrapingTarget, target_id)
    for night in range(1, 31):
        status = {7: JobStatus.FAILED, 19: JobStatus.CANCELLED}.get(night, JobStatus.COMPLETED)
        items = 0 if status is JobStatus.FAILED else pages + round(pages / 8 * math.sin(night / 3))
        ago = timedelta(days=night, hours=3)
        job = rows.job(
            session, target, status, ago=ago, trigger=Trigger.BEAT, pages=pages + night,
            items_scraped=items, items_new=night % 5, items_changed=night % 7 * 4,
            errors=night % 4, finish_reason="finished",
        )  # fmt: skip
        assert job.started_at
        job.completed_at = job.started_at + timedelta(seconds=pages / 25 + night % 6)
        rows.crawl(session, job, outcome="finished", pages=job.pages)


def _waiting(session: Session) -> None:
    for number, name in enumerate(("bookshop", "garden", "stationery")):
        target = rows.target(session, name, schedule="15 4 * * 1-5")
        rows.job(session, target, JobStatus.PENDING, ago=timedelta(minutes=number))


def _progress(session: Session, job: ScrapingJob) -> None:
    assert job.started_at
    until = job.completed_at or datetime.now(UTC)
    seconds = min(int((until - job.started_at).total_seconds()), 100)
    steps = [
        {
            "job_id": job.id,
            "began_at": job.started_at + timedelta(seconds=second),
            "pages": 20 + round(9 * math.sin(second / 4)),
            "items": 18 + second % 7,
            "errors": second % 13 == 5,
        }
        for second in range(seconds)
    ]
    session.execute(insert(JobProgress), [step | {"errors": int(step["errors"])} for step in steps])


def _given_up(session: Session, job: ScrapingJob) -> None:
    job.pages_given_up = 3
    for number in range(3):
        url = f"https://example.jp/商品/一覧?頁={number}"
        reason = "ValueError: could not convert string to float: '時価'"
        given_up = {"reason": reason, "given_up_at": job.completed_at}
        session.add(ChargedPage(job_id=job.id, request_id=bytes([number]), url=url, **given_up))


def _items(session: Session, jobs: Jobs) -> None:
    for kind in ("completed", "running"):
        seen = select(ScrapedItem).where(ScrapedItem.last_job_id == jobs[kind].id)
        for item in session.scalars(seen.order_by(ScrapedItem.id)):
            words = func.array_to_tsvector(lexemes.of_item(item.target_id, item.data))
            known = {"content_hash": item.content_hash, "words": words}
            session.add(ItemWords(item_id=item.id, **known))
    _revisions(session, first_item(session, jobs["completed"].id), jobs["completed"].target_id)


def _many_items(session: Session) -> None:
    """More than a page puts in order by itself; its target has a window and queues."""
    target = rows.target(
        session, "many", schedule="0 20 * * *", crawl_window="22:00-06:00", overlap="queue"
    )
    one = {"target_id": target.id, "content_hash": b"one"}
    items = [
        one | {"key": str(number), "data": {"name": f"万年筆 {number} 号", "price": number}}
        for number in range(finding.MOST_ORDERED + 1)
    ]
    session.execute(insert(ScrapedItem), items)


def _revisions(session: Session, item_id: int, target_id: int) -> None:
    item = session.get_one(ScrapedItem, item_id)
    earlier = select(ScrapingJob).where(
        ScrapingJob.target_id == target_id, ScrapingJob.status == JobStatus.COMPLETED
    )
    changes: list[dict[str, Any]] = [
        {"price": 1_150},
        {"price": 1_150, "in_stock": True},
        {"name": "万年筆 0 号", "in_stock": True},
    ]
    jobs = session.scalars(earlier.order_by(ScrapingJob.queued_at.desc()).limit(len(changes)))
    for job, change in zip(jobs, changes, strict=True):
        before = {"data": item.data | change, "content_hash": uuid4().bytes}
        at = job.completed_at
        session.add(ItemRevision(item_id=item.id, job_id=job.id, replaced_at=at, **before))
    item.first_seen_at = datetime.now(UTC) - timedelta(days=40)
    away = {"gone_at": func.now() - timedelta(days=9), "back_at": func.now() - timedelta(days=8)}
    session.add(ItemAbsence(item_id=item.id, **away))


def _exports(session: Session, target_id: int) -> None:
    for kind in ("csv", "xlsx"):
        ended = {"items": 25, "ended_at": func.now()}
        session.add(Export(id=uuid4(), target_id=target_id, who="hanako", format=kind, **ended))
