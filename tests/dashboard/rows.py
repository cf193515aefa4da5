"""Rows for pages to show, in states that would take a crawl to reach."""

import hashlib
from datetime import timedelta
from typing import Any

from sqlalchemy import Column, func, insert, select
from sqlalchemy.orm import Session, aliased

from orchestrator.ledger import targets
from orchestrator.ledger.models import (
    Crawl,
    JobLogLine,
    JobStatus,
    RejectedItem,
    ScrapedItem,
    ScrapingJob,
    ScrapingTarget,
    Table,
    Trigger,
)

TRACEBACK = """The site answered 503 to all 3 tries of https://shop.example/products?page=2
Traceback (most recent call last):
  File "spiders/shop.py", line 12, in parse
    price = Decimal(text)
decimal.InvalidOperation: [<class 'decimal.ConversionSyntax'>]"""


def target(session: Session, name: str = "shop", **fields: Any) -> ScrapingTarget:
    return targets.register(session, {"name": name, "spider": "demo_shop"} | fields)


def job(
    session: Session,
    of: ScrapingTarget,
    status: JobStatus = JobStatus.COMPLETED,
    *,
    ago: timedelta = timedelta(minutes=3),
    **values: Any,
) -> ScrapingJob:
    """A job that was requested `ago` and took ten seconds."""
    began = status not in (JobStatus.PENDING, JobStatus.SKIPPED)
    row = ScrapingJob(
        target_id=of.id,
        status=status,
        trigger=Trigger.DASHBOARD,
        definition={"target": of.name, "spider": of.spider, "max_attempts": 3},
        queued_at=func.now() - ago,
        started_at=func.now() - ago + timedelta(milliseconds=80) if began else None,
        completed_at=func.now() - ago + timedelta(seconds=10) if status.is_final else None,
        attempt=1 if began else 0,
    )
    for name, value in values.items():
        setattr(row, name, value)
    session.add(row)
    session.flush()
    session.refresh(row)
    return row


def multiply(session: Session, of: ScrapingTarget, names: list[str]) -> None:
    """Copies of a target under these names, each with copies of its jobs, in a moment."""
    fields = _fields(ScrapingTarget, without=("id", "name"))
    copied = select(func.unnest(names), *fields).where(ScrapingTarget.id == of.id)
    session.execute(insert(ScrapingTarget).from_select(["name", *fields], copied))
    copy = aliased(ScrapingTarget)
    fields = _fields(ScrapingJob, without=("id", "target_id"))
    copied = (
        select(func.gen_random_uuid(), copy.id, *fields)
        .join(copy, copy.name.in_(names))
        .where(ScrapingJob.target_id == of.id)
    )
    session.execute(insert(ScrapingJob).from_select(["id", "target_id", *fields], copied))


def _fields(table: type[Table], *, without: tuple[str, ...]) -> list[Column[Any]]:
    columns = table.__table__.columns
    return [each for each in columns if each.name not in without and not each.computed]


def item(session: Session, seen_by: ScrapingJob, data: dict[str, Any]) -> ScrapedItem:
    row = ScrapedItem(
        target_id=seen_by.target_id,
        key=hashlib.sha256(repr(data).encode()).hexdigest()[:16],
        data=data,
        content_hash=b"x",
        first_job_id=seen_by.id,
        last_job_id=seen_by.id,
    )
    session.add(row)
    session.flush()
    return row


def line(session: Session, of: ScrapingJob, seq: int, message: str, *, level: int = 20) -> None:
    session.add(
        JobLogLine(
            job_id=of.id,
            attempt=1,
            seq=seq,
            level=level,
            logged_at=of.queued_at + timedelta(milliseconds=200 * seq),
            logger="scrapy.core.engine",
            message=message,
        )
    )


def rejected(session: Session, of: ScrapingJob, reason: str, excerpt: str) -> None:
    digest = hashlib.sha256(excerpt.encode()).digest()
    session.add(RejectedItem(job_id=of.id, content_hash=digest, reason=reason, excerpt=excerpt))


def crawl(session: Session, of: ScrapingJob, attempt: int = 1, **values: Any) -> None:
    row = Crawl(
        job_id=of.id,
        attempt=attempt,
        worker="crawls@kumo-1",
        pid=4711,
        lease_until=func.now() + timedelta(minutes=1),
        started_at=of.started_at,
        ended_at=of.completed_at,
    )
    for name, value in values.items():
        setattr(row, name, value)
    session.add(row)


def fill(session: Session) -> dict[str, ScrapingJob]:
    """A lively ledger: every status, long and Japanese names, much and little of everything."""
    shop = target(
        session, "demo_shop", start_urls=["http://127.0.0.1:8001/"], schedule="30 3 * * *"
    )
    books = target(session, "books", spider="books_toscrape", active=False)
    long = target(session, "a-target-with-a-name-that-goes-on-and-on-" + "very-" * 10 + "long")
    japanese = target(
        session,
        "tokyo_prices",
        start_urls=["https://example.jp/商品/一覧?並び替え=新着"],
        arguments={"category": "文房具・オフィス用品", "pages": 12},
        settings={"DOWNLOAD_DELAY": 0.5},
        key_fields=["商品番号"],
        schedule="0 */6 * * *",
        timezone="Asia/Tokyo",
    )
    jobs = {
        "running": job(
            session, shop, JobStatus.RUNNING, ago=timedelta(seconds=42), pages=1_204,
            items_scraped=1_180, items_new=12, items_changed=31, bytes_received=48_120_344,
        ),
        "failed": job(
            session, long, JobStatus.FAILED, attempt=3, failures=3, errors=3, pages=14,
            error_message=TRACEBACK, finish_reason="crawler_died", bytes_received=12_400,
        ),
        "completed": job(
            session, japanese, ago=timedelta(hours=2), pages=67, items_scraped=60, items_new=2,
            items_changed=9, items_rejected=2, bytes_received=1_234_567, finish_reason="finished",
            trigger=Trigger.BEAT,
        ),
        "cancelled": job(session, shop, JobStatus.CANCELLED, ago=timedelta(days=1), pages=3),
        "skipped": job(
            session, shop, JobStatus.SKIPPED, ago=timedelta(days=2),
            error_message="Skipped: another job of this target was still running.",
        ),
        "paused": job(session, books, JobStatus.PAUSED, ago=timedelta(hours=5), pages=300),
    }  # fmt: skip
    for kind in ("running", "failed", "completed"):
        for seq in range(40):
            line(session, jobs[kind], seq, f"Crawled page {seq} of the list: 200 OK")
        line(session, jobs[kind], 41, "\x1b[33mSlow answer: 4.2 s\x1b[0m for /商品/7", level=30)
        line(session, jobs[kind], 42, "No price on https://shop.example/p/9", level=40)
    for number in range(25):
        product = {
            "name": f"万年筆 {number} 号 — 細字",
            "price": 1_200 + number * 10,
            "in_stock": number % 3 > 0,
            "url": f"https://example.jp/商品/{number}",
            "tags": ["文房具", "新着"],
            "description": "静かに滑らかに書けます。" * 30,
        }
        item(session, jobs["completed"], product)
    for number in range(1, 8):
        product = {
            "name": f"Oak stool No. {number}",
            "price": f"{39 + number * 7}.50",
            "category": "Furniture",
            "in_stock": number != 4,
            "url": f"http://127.0.0.1:8001/products/oak-stool-{number}",
        }
        item(session, jobs["running"], product)
    rejected(session, jobs["completed"], "An integer of 40000 bits is no price", "{'price': 999…")
    rejected(session, jobs["completed"], "5,242,880 bytes are more than 4 MB", "{'body': 'AAAA…")
    for attempt in (1, 2):
        crawl(session, jobs["failed"], attempt, outcome="killed by signal 9", pages=7)
    crawl(session, jobs["failed"], 3, outcome="site unreachable")
    crawl(session, jobs["completed"], outcome="finished", pages=67)
    crawl(session, jobs["running"], pages=1_204)
    return jobs
