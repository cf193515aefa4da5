"""Crawls: one row per crawler process.

Lease, heartbeat and fence live here and not on the job, so that one job may be served by several
crawler processes. The first crawl of an attempt, number 0, also stands for the attempt.
"""

import uuid

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, SmallInteger, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.ledger.models.schema import At, AtNow, Json, Table


class Crawl(Table):
    """An operating-system process that serves an attempt of a job, by itself or with others."""

    __tablename__ = "crawls"
    __table_args__ = (
        Index("ix_crawls_lease_until", "lease_until", postgresql_where=text("ended_at IS NULL")),
    )

    job_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("scraping_jobs.id", ondelete="CASCADE"), primary_key=True
    )
    attempt: Mapped[int] = mapped_column(Integer, primary_key=True)
    #: Its number among those of the attempt, rising and never used twice.
    number: Mapped[int] = mapped_column(Integer, primary_key=True, server_default="0")
    #: Of an attempt's first crawl: how many may serve it at once; null = one, and nobody may join.
    places: Mapped[int | None] = mapped_column(SmallInteger)
    #: The Celery worker, as `name@host`.
    worker: Mapped[str] = mapped_column(Text)
    #: Of the crawler process; null until the launcher has started it.
    pid: Mapped[int | None] = mapped_column(Integer)
    lease_until: Mapped[At]
    heartbeat_at: Mapped[AtNow]
    #: The number of the last commit; moved n−1 → n, so that no commit counts twice.
    checkpoint: Mapped[int] = mapped_column(BigInteger, server_default="0")
    #: Pages this crawl has acknowledged: above 0 it made progress.
    pages: Mapped[int] = mapped_column(BigInteger, server_default="0")
    #: How long its checkpoints and trips took, as tallies hold it; written with each checkpoint.
    tally: Mapped[Json] = mapped_column(server_default="{}")
    started_at: Mapped[AtNow]
    ended_at: Mapped[At | None]
    #: How it ended, in one word; null while it lives.
    outcome: Mapped[str | None] = mapped_column(Text)
    #: Scrapy's statistics, of one that ended before others; its job gets the sums.
    stats: Mapped[Json | None]
