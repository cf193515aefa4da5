"""Items: what was scraped, what it was before, and what could not be stored."""

import uuid

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.ledger.models.schema import AtNow, Id, Json, Table


class ScrapedItem(Table):
    """The current data of one thing on a target, told from others by its key."""

    __tablename__ = "scraped_items"
    __table_args__ = (
        UniqueConstraint("target_id", "key"),
        # Deleting a job sets these columns to null, which must not scan the table; with the id,
        # the first items of a job are read from the index in their order.
        Index("ix_scraped_items_first_job_id", "first_job_id"),
        Index("ix_scraped_items_last_job_id", "last_job_id", "id"),
        # A target's items as people read them, what changed last first; and what search must learn.
        Index(
            "ix_scraped_items_target_changed",
            "target_id",
            text("changed_at DESC"),
            text("id DESC"),
        ),
    )

    id: Mapped[Id]
    target_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("scraping_targets.id", ondelete="CASCADE")
    )
    #: Made from the key fields; a digest when they are long.
    key: Mapped[str] = mapped_column(Text)
    data: Mapped[Json]
    #: Of the data with sorted keys: equal exactly when nothing changed.
    content_hash: Mapped[bytes] = mapped_column(LargeBinary)
    first_job_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("scraping_jobs.id", ondelete="SET NULL")
    )
    last_job_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("scraping_jobs.id", ondelete="SET NULL")
    )
    first_seen_at: Mapped[AtNow]
    last_seen_at: Mapped[AtNow]
    changed_at: Mapped[AtNow]


class ItemWords(Table):
    """What an item is found by; apart from it, so that a crawl that sees it again pays nothing."""

    __tablename__ = "item_words"
    __table_args__ = (
        # Written by nobody who hurries: without a list of pending entries a search is even.
        Index(
            "ix_item_words_words",
            "words",
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
        ),
    )

    item_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("scraped_items.id", ondelete="CASCADE"), primary_key=True
    )
    #: Of the data the words are of: another than the item's means that they are old.
    content_hash: Mapped[bytes] = mapped_column(LargeBinary)
    #: Each begins with the target's id, so that a search reads one target's words only.
    words: Mapped[str] = mapped_column(TSVECTOR)


class ItemRevision(Table):
    """The data an item had before a job changed it."""

    __tablename__ = "item_revisions"
    __table_args__ = (
        UniqueConstraint("item_id", "job_id"),
        Index("ix_item_revisions_job_id", "job_id"),
        Index("ix_item_revisions_replaced_at", "replaced_at"),
    )

    id: Mapped[Id]
    item_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("scraped_items.id", ondelete="CASCADE")
    )
    #: The job that changed it.
    job_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("scraping_jobs.id", ondelete="SET NULL")
    )
    data: Mapped[Json]
    content_hash: Mapped[bytes] = mapped_column(LargeBinary)
    replaced_at: Mapped[AtNow]


class RejectedItem(Table):
    """What could not be stored, with the reason; once per job and content."""

    __tablename__ = "rejected_items"
    __table_args__ = (UniqueConstraint("job_id", "content_hash"),)

    id: Mapped[Id]
    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("scraping_jobs.id", ondelete="CASCADE"))
    content_hash: Mapped[bytes] = mapped_column(LargeBinary)
    reason: Mapped[str] = mapped_column(Text)
    #: The beginning of its text form, for a person to recognise it.
    excerpt: Mapped[str] = mapped_column(Text)
    rejected_at: Mapped[AtNow]
