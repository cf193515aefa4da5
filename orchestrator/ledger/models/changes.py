"""Changes as people follow them: what jobs changed, which of it somebody asks for, and has seen.

What an item was and became stands with the item. A change set only says that a job changed
something and since when that is current, so that the newest are found without looking at each job.
"""

import uuid
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.ledger.models.schema import At, AtNow, Id, Json, Table


class ChangeKind(StrEnum):
    """What happened to an item."""

    FOUND = "found"  #: A job saw it for the first time.
    CHANGED = "changed"  #: A job found it with other data.
    GONE = "gone"  #: A job that should have seen it did not.
    BACK = "back"  #: A job saw it again.


class ChangeSet(Table):
    """The changes of one job, which are current data by now: how many of each kind."""

    __tablename__ = "change_sets"
    __table_args__ = (
        Index("ix_change_sets_newest", text("at DESC"), text("job_id DESC")),
        Index("ix_change_sets_target_newest", "target_id", text("at DESC"), text("job_id DESC")),
    )

    job_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("scraping_jobs.id", ondelete="CASCADE"), primary_key=True
    )
    target_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("scraping_targets.id", ondelete="CASCADE")
    )
    #: Since when they are known and current, what is gone too.
    at: Mapped[AtNow]
    #: As its job counted them; rows that clean-up has taken since still count.
    found: Mapped[int] = mapped_column(BigInteger, server_default="0")
    changed: Mapped[int] = mapped_column(BigInteger, server_default="0")
    gone: Mapped[int] = mapped_column(BigInteger, server_default="0")
    back: Mapped[int] = mapped_column(BigInteger, server_default="0")


class SavedFilter(Table):
    """Which changes somebody asks for again and again, under a name."""

    __tablename__ = "saved_filters"
    __table_args__ = (
        Index(
            "uq_saved_filters_shared",
            "name",
            unique=True,
            postgresql_where=text("owner_id IS NULL"),
        ),
        Index(
            "uq_saved_filters_own",
            "owner_id",
            "name",
            unique=True,
            postgresql_where=text("owner_id IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(Text)
    #: Whose it is; null = everybody's.
    owner_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("users.id", ondelete="CASCADE")
    )
    #: As `filters.as_json` writes them.
    conditions: Mapped[Json]
    created_at: Mapped[AtNow]


class ChangeMark(Table):
    """Until where a person has seen the changes of a target, or of all."""

    __tablename__ = "change_marks"
    __table_args__ = (
        Index(
            "uq_change_marks_all",
            "user_id",
            unique=True,
            postgresql_where=text("target_id IS NULL"),
        ),
        Index(
            "uq_change_marks_target",
            "target_id",
            "user_id",
            unique=True,
            postgresql_where=text("target_id IS NOT NULL"),
        ),
        Index("ix_change_marks_user_id", "user_id"),
    )

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id", ondelete="CASCADE"))
    target_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("scraping_targets.id", ondelete="CASCADE")
    )
    #: The change sets up to then are seen.
    seen_until: Mapped[At]


class ChangeFeed(Table):
    """An address that gives changes to whoever knows it: of a filter, of a target, or all."""

    __tablename__ = "change_feeds"
    __table_args__ = (
        CheckConstraint("num_nonnulls(target_id, filter_id) <= 1", name="scope"),
        UniqueConstraint("token_hash"),
        Index("ix_change_feeds_user_id", "user_id"),
        Index(
            "ix_change_feeds_filter_id", "filter_id", postgresql_where=text("filter_id IS NOT NULL")
        ),
        Index(
            "ix_change_feeds_target_id", "target_id", postgresql_where=text("target_id IS NOT NULL")
        ),
    )

    id: Mapped[Id]
    #: Of what is secret in the address.
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    #: Who made it, and may withdraw it.
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id", ondelete="CASCADE"))
    filter_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("saved_filters.id", ondelete="CASCADE")
    )
    target_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("scraping_targets.id", ondelete="CASCADE")
    )
    #: Of its texts: a program that reads it seldom says which it would like.
    language: Mapped[str] = mapped_column(Text, server_default="en")
    made_at: Mapped[AtNow]
