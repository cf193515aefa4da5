"""Jobs: the requested executions of targets.

This table exists beside Celery because a broker forgets: a job is here before its bell rings and
stays when the bell is lost.
"""

import uuid

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Text,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.ledger.models.schema import At, AtNow, Json, Table, words
from orchestrator.ledger.words import JobStatus, Publication, Requested, Trigger, Verdict


class ScrapingJob(Table):
    """One requested execution of a target; its id also names the Celery task and the crawl."""

    __tablename__ = "scraping_jobs"
    __table_args__ = (
        Index(
            "uq_scraping_jobs_active",
            "target_id",
            unique=True,
            postgresql_where=text("status IN ('pending', 'running', 'paused')"),
        ),
        Index(
            "uq_scraping_jobs_occasion",
            "target_id",
            "due_at",
            unique=True,
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        Index("ix_scraping_jobs_newest", text("queued_at DESC"), text("id DESC")),
        Index(
            "ix_scraping_jobs_target_newest",
            "target_id",
            text("queued_at DESC"),
            text("id DESC"),
        ),
        Index("ix_scraping_jobs_status_newest", "status", text("queued_at DESC"), text("id DESC")),
        Index(
            "ix_scraping_jobs_pending",
            "priority",
            "queued_at",
            postgresql_where=text("status = 'pending'"),
        ),
        Index(
            "ix_scraping_jobs_retry_of", "retry_of", postgresql_where=text("retry_of IS NOT NULL")
        ),
        Index(
            "ix_scraping_jobs_completed_at",
            "completed_at",
            postgresql_where=text("completed_at IS NOT NULL"),
        ),
        Index(
            "ix_scraping_jobs_absences_due",
            "target_id",
            "completed_at",
            postgresql_where=text("absences_due"),
        ),
        Index(
            "ix_scraping_jobs_absences_found",
            "target_id",
            "completed_at",
            postgresql_where=text("absences_found_at IS NOT NULL"),
        ),
        # A target has at most one job whose changes wait for a person.
        Index(
            "uq_scraping_jobs_held",
            "target_id",
            unique=True,
            postgresql_where=text("publication = 'held'"),
        ),
        Index(
            "ix_scraping_jobs_verdict_newest",
            "verdict",
            text("queued_at DESC"),
            text("id DESC"),
            postgresql_where=text("verdict IS NOT NULL"),
        ),
        CheckConstraint("priority BETWEEN 0 AND 9", name="priority"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    target_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("scraping_targets.id"))
    status: Mapped[JobStatus] = mapped_column(words(JobStatus), server_default="pending")
    trigger: Mapped[Trigger] = mapped_column(words(Trigger))
    priority: Mapped[int] = mapped_column(SmallInteger, server_default="5")
    #: What to crawl, fixed when requested: editing the target changes later jobs only.
    definition: Mapped[Json]
    #: The occasion of a schedule that asked for it; one job per target and occasion.
    due_at: Mapped[At | None]
    #: Not to be claimed before.
    run_after: Mapped[AtNow]
    #: When its bell was last rung; null = the sweep should ring it.
    rung_at: Mapped[At | None] = mapped_column(server_default=func.now())
    #: Raised by each claim; every write of a crawl names it (fencing).
    attempt: Mapped[int] = mapped_column(Integer, server_default="0")
    #: Attempts that ended badly without a page to show for it, in a row.
    failures: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    #: The ended job that this one repeats.
    retry_of: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("scraping_jobs.id", ondelete="SET NULL")
    )
    requested: Mapped[Requested | None] = mapped_column(words(Requested))
    #: Why its crawls are to end in order: one of them met a limit, so the job is complete.
    closing: Mapped[str | None] = mapped_column(Text)
    queued_at: Mapped[AtNow]
    started_at: Mapped[At | None]
    completed_at: Mapped[At | None]
    #: How it ended, in one word.
    finish_reason: Mapped[str | None] = mapped_column(Text)
    #: Why, and what to do, in a sentence; may be followed by a traceback.
    error_message: Mapped[str | None] = mapped_column(Text)
    #: Distinct items it saw; exact, as all item counts.
    items_scraped: Mapped[int] = mapped_column(BigInteger, server_default="0")
    items_new: Mapped[int] = mapped_column(BigInteger, server_default="0")
    items_changed: Mapped[int] = mapped_column(BigInteger, server_default="0")
    #: Items it should have seen and did not, where the job before it had; counted after its end.
    items_gone: Mapped[int] = mapped_column(BigInteger, server_default="0")
    #: Items it saw that had been gone.
    items_back: Mapped[int] = mapped_column(BigInteger, server_default="0")
    items_rejected: Mapped[int] = mapped_column(BigInteger, server_default="0")
    #: Responses that reached a callback; one fetched again after a kill counts again.
    pages: Mapped[int] = mapped_column(BigInteger, server_default="0")
    #: Pages it went on without; `charged_pages` says which and why.
    pages_given_up: Mapped[int] = mapped_column(BigInteger, server_default="0")
    errors: Mapped[int] = mapped_column(BigInteger, server_default="0")
    bytes_received: Mapped[int] = mapped_column(BigInteger, server_default="0")
    #: It should have seen all items, and those it did not see are still to be marked as gone.
    absences_due: Mapped[bool] = mapped_column(Boolean, server_default="false")
    #: When they all were; no later job looks further back.
    absences_found_at: Mapped[At | None]
    #: Null = not judged: it is not completed, or completed before jobs were judged.
    verdict: Mapped[Verdict | None] = mapped_column(words(Verdict))
    #: Null = nothing was held back.
    publication: Mapped[Publication | None] = mapped_column(words(Publication))
    #: Scrapy's statistics of the last attempt, of all its crawls together.
    stats: Mapped[Json] = mapped_column(server_default="{}")
