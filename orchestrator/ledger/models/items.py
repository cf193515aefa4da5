"""Items: what was scraped, what it was before, and what could not be stored."""

import uuid

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.ledger.models.schema import At, AtNow, Id, Json, Table


class ScrapedItem(Table):
    """The current data of one thing on a target, told from others by its key."""

    __tablename__ = "scraped_items"
    __table_args__ = (
        UniqueConstraint("target_id", "key"),
        # Deleting a job sets these columns to null, which must not scan the table; with the id,
        # the first items of a job are read from the index in their order.
        Index("ix_scraped_items_first_job_id_id", "first_job_id", "id"),
        Index("ix_scraped_items_last_job_id", "last_job_id", "id"),
        # A target's items as people read them, what changed last first; and what search must learn.
        Index(
            "ix_scraped_items_target_changed",
            "target_id",
            text("changed_at DESC"),
            text("id DESC"),
        ),
        # What is new since a day.
        Index(
            "ix_scraped_items_target_first_seen",
            "target_id",
            text("first_seen_at DESC"),
            text("id DESC"),
        ),
        # Items whose last job was deleted are sought when a later one has not seen them either.
        Index(
            "ix_scraped_items_unseen",
            "target_id",
            "id",
            postgresql_where=text("last_job_id IS NULL AND gone_at IS NULL"),
        ),
        Index(
            "ix_scraped_items_gone",
            "target_id",
            text("changed_at DESC"),
            text("id DESC"),
            postgresql_where=text("gone_at IS NOT NULL"),
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
    #: Since when it is known to be gone; null = it is there, as far as anybody has looked.
    gone_at: Mapped[At | None]


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
    """What of an item was different before a job changed it.

    A delta backwards: with its `added` fields taken away and its `data` put over it, the state
    after the job is the state before it. So the latest is always whole, and the oldest may go.
    """

    __tablename__ = "item_revisions"
    __table_args__ = (
        UniqueConstraint("item_id", "job_id"),
        # With the id, the changes of a job are read in their order, from where one was.
        Index("ix_item_revisions_job_id_id", "job_id", "id"),
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
    #: The earlier values of the fields that changed or went.
    data: Mapped[Json]
    #: The fields that were not there before. Null: `data` is all of the earlier data, as it was
    #: kept at first.
    added: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    #: Of all of the earlier data.
    content_hash: Mapped[bytes] = mapped_column(LargeBinary)
    #: Since when the item had been so; null in the oldest rows.
    began_at: Mapped[At | None]
    replaced_at: Mapped[AtNow]


class ItemAbsence(Table):
    """A time in which an item was gone: a job that should have seen it did not."""

    __tablename__ = "item_absences"
    __table_args__ = (
        Index(
            "uq_item_absences_open",
            "item_id",
            unique=True,
            postgresql_where=text("back_at IS NULL"),
        ),
        Index("ix_item_absences_item_id", "item_id"),
        Index("ix_item_absences_gone_job_id_id", "gone_job_id", "id"),
        Index(
            "ix_item_absences_back_job_id_id",
            "back_job_id",
            "id",
            postgresql_where=text("back_job_id IS NOT NULL"),
        ),
        Index("ix_item_absences_back_at", "back_at", postgresql_where=text("back_at IS NOT NULL")),
    )

    id: Mapped[Id]
    item_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("scraped_items.id", ondelete="CASCADE")
    )
    #: The job that should have seen it.
    gone_job_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("scraping_jobs.id", ondelete="SET NULL")
    )
    gone_at: Mapped[At]
    #: The job that saw it again.
    back_job_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("scraping_jobs.id", ondelete="SET NULL")
    )
    back_at: Mapped[At | None]


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
