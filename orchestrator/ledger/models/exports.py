"""Exports: who took which items out, and how far a running one has come."""

import uuid

from sqlalchemy import BigInteger, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.ledger.models.schema import At, AtNow, Json, Table


class Export(Table):
    """One download of a target's items; its id is made by the page that asks for it."""

    __tablename__ = "exports"
    __table_args__ = (
        Index("ix_exports_target_id", "target_id"),
        Index("ix_exports_started_at", "started_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    target_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("scraping_targets.id", ondelete="CASCADE")
    )
    #: The person's name, kept when they are deleted.
    who: Mapped[str] = mapped_column(Text)
    #: csv, jsonl, xlsx or parquet.
    format: Mapped[str] = mapped_column(Text)
    #: The view it was taken of: search, filters and order.
    view: Mapped[Json] = mapped_column(server_default="{}")
    items: Mapped[int] = mapped_column(BigInteger, server_default="0")
    started_at: Mapped[AtNow]
    ended_at: Mapped[At | None]
    #: Why it broke off; null when it ended well.
    trouble: Mapped[str | None] = mapped_column(Text)
