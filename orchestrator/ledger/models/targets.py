"""Targets: the websites to scrape, how and when."""

from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, Integer, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.ledger.models.schema import At, AtNow, Id, Table, words


class Overlap(StrEnum):
    """What becomes of an occasion that finds a job of its target active."""

    SKIP = "skip"  #: It is left out, and a skipped job says for which.
    QUEUE = "queue"  #: One job follows when the active one has ended.


class ScrapingTarget(Table):
    """A website to scrape, how and when."""

    __tablename__ = "scraping_targets"
    __table_args__ = (
        Index(
            "uq_scraping_targets_name",
            "name",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(
            "ix_scraping_targets_next_run_at",
            "next_run_at",
            postgresql_where=text("active AND deleted_at IS NULL"),
        ),
        CheckConstraint("priority BETWEEN 0 AND 9", name="priority"),
        CheckConstraint("max_attempts BETWEEN 1 AND 100", name="max_attempts"),
        CheckConstraint("spread_seconds BETWEEN 0 AND 86400", name="spread_seconds"),
        CheckConstraint(r"name ~ '^[a-z0-9][a-z0-9_-]*$'", name="name"),
        CheckConstraint("crawlers BETWEEN 1 AND 64", name="crawlers"),
        CheckConstraint(r"worker_tag ~ '^[a-z0-9][a-z0-9_-]{0,39}$'", name="worker_tag"),
    )

    id: Mapped[Id]
    #: Unique among the living; freed when the target is deleted.
    name: Mapped[str] = mapped_column(Text)
    #: The name of the Scrapy class.
    spider: Mapped[str] = mapped_column(Text)
    #: Where the crawl begins; empty = where the spider says.
    start_urls: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    #: Passed to the spider as its arguments.
    arguments: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    #: Scrapy settings, from an allowlist.
    settings: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    #: The fields that tell one item from another; empty = the spider's own, else `url`, else all.
    key_fields: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    #: Words by which people group targets.
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    #: Whether schedules start it; buttons and commands always do.
    active: Mapped[bool] = mapped_column(server_default="true")
    #: 0 is served first, 9 last.
    priority: Mapped[int] = mapped_column(SmallInteger, server_default="5")
    #: A cron line; null = the nightly default.
    schedule: Mapped[str | None] = mapped_column(Text)
    #: The zone of the cron line; null = the installation's.
    timezone: Mapped[str | None] = mapped_column(Text)
    #: What becomes of an occasion that finds it busy.
    overlap: Mapped[Overlap] = mapped_column(words(Overlap), server_default="skip")
    #: The times of day in which it is crawled, as 22:00-06:00 in its zone; null = all day.
    crawl_window: Mapped[str | None] = mapped_column(Text)
    #: Over how long its scheduled starts are spread; null = the installation's default.
    spread_seconds: Mapped[int | None] = mapped_column(Integer)
    #: Its pages are opened in a browser, and read once their scripts have run.
    render: Mapped[bool] = mapped_column(server_default="false")
    #: So many crawler processes, of any workers, share each of its jobs.
    crawlers: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    #: Only workers started for this tag crawl it; null = those that are for no tag.
    worker_tag: Mapped[str | None] = mapped_column(Text)
    #: The next occasion of its schedule; one that has come is queued or not yet served.
    next_run_at: Mapped[At | None]
    #: A job is given up after so many failures without progress.
    max_attempts: Mapped[int] = mapped_column(SmallInteger, server_default="3")
    #: What its jobs must fulfil, as `expectations` reads it; empty = nothing.
    expectations: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    #: Its jobs' changes are never held back, whatever they are judged.
    publish_anyway: Mapped[bool] = mapped_column(server_default="false")
    created_at: Mapped[AtNow]
    updated_at: Mapped[AtNow]
    #: Set when deleted; its items and jobs go in batches afterwards.
    deleted_at: Mapped[At | None]
