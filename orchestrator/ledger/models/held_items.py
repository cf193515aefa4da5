"""Held items: what a job found that is not current data, since the job is not believed.

They are apart from `scraped_items`, so that whoever reads items sees the last good state without
knowing that anything is held.
"""

import uuid
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.ledger.models.schema import At, AtNow, Json, Table, words

#: A decision can be undone for so long, and what was discarded is kept for it.
UNDO_FOR = timedelta(days=30)


class HeldKind(StrEnum):
    """What a job would have made of an item."""

    NEW = "new"  #: It saw it first; while it is held there is no such item.
    CHANGED = "changed"  #: It found it with other data.
    BACK = "back"  #: It saw it again after it had been gone, maybe with other data.


class HeldJob(Table):
    """A job whose changes were set aside, and what people decided about them."""

    __tablename__ = "held_jobs"
    __table_args__ = (
        Index("ix_held_jobs_moved", "target_id", "moved_at"),
        Index(
            "ix_held_jobs_unlearned",
            "job_id",
            postgresql_where=text("unlearned_since IS NOT NULL"),
        ),
    )

    job_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("scraping_jobs.id", ondelete="CASCADE"), primary_key=True
    )
    target_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("scraping_targets.id", ondelete="CASCADE")
    )
    #: It should have seen all items: what it did not see is gone once it is accepted.
    tells_absences: Mapped[bool] = mapped_column(Boolean)
    items_new: Mapped[int] = mapped_column(BigInteger, server_default="0")
    items_changed: Mapped[int] = mapped_column(BigInteger, server_default="0")
    items_back: Mapped[int] = mapped_column(BigInteger, server_default="0")
    #: What it should have seen and did not, when its changes were set aside.
    items_missing: Mapped[int] = mapped_column(BigInteger, server_default="0")
    #: When its changes were last set aside or put back: a listing made before is not of them.
    moved_at: Mapped[AtNow]
    #: Since when search may know other words of its items than they have; null = it has learned.
    unlearned_since: Mapped[At | None]
    #: Null while nobody has decided.
    decided_at: Mapped[At | None]
    #: Null when the next job of the target began before anybody had decided.
    decided_by: Mapped[str | None] = mapped_column(Text)


class HeldItem(Table):
    """An item as its job found it, and the revision that its change was."""

    __tablename__ = "held_items"
    __table_args__ = (Index("ix_held_items_kind", "job_id", "kind", "item_id"),)

    job_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("scraping_jobs.id", ondelete="CASCADE"), primary_key=True
    )
    #: No foreign key: a new item is nowhere else, and keeps its number.
    item_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    kind: Mapped[HeldKind] = mapped_column(words(HeldKind))
    key: Mapped[str] = mapped_column(Text)
    data: Mapped[Json]
    content_hash: Mapped[bytes] = mapped_column(LargeBinary)
    first_seen_at: Mapped[At]
    last_seen_at: Mapped[At]
    #: `data` of its revision; null when only its being there had changed.
    earlier: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    #: `added` of its revision.
    added: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    #: `content_hash` of its revision.
    earlier_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: Since when the item had been as it was before.
    began_at: Mapped[At | None]
    #: Of one that was back: since when it had been gone, and when it was seen again.
    gone_at: Mapped[At | None]
    back_at: Mapped[At | None]
