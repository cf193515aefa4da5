"""Drafts: a website that somebody wants as a target, while they make one of it.

A row holds what was asked and what came of it, so a page that waits for a worker waits for a row;
and the pages it is made from, so that editing asks the website for nothing.
"""

import uuid
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, SmallInteger, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.ledger.models.schema import At, AtNow, Json, Table, words


class DraftStatus(StrEnum):
    """What became of the look at a page."""

    LOOKING = "looking"  #: A worker is to fetch it and say what it could give.
    READY = "ready"  #: It was fetched and read; there are proposals.
    FAILED = "failed"  #: It could not be had, or nothing can be made of it; reason says which.


class FurtherPages(StrEnum):
    """Whether a recipe is tried on more pages of its website."""

    NONE = "none"  #: Nobody asked for it.
    ASKED = "asked"  #: A worker is to fetch them.
    FETCHING = "fetching"  #: A worker has begun.
    TRIED = "tried"  #: They are there, as many as there are.


class TargetDraft(Table):
    """One look at a website, and the target that somebody makes of it."""

    __tablename__ = "target_drafts"
    __table_args__ = (
        Index("ix_target_drafts_target_id", "target_id"),
        Index("ix_target_drafts_made_at", "made_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    #: The person's name.
    who: Mapped[str] = mapped_column(Text)
    #: The address as it was pasted.
    url: Mapped[str] = mapped_column(Text)
    #: The target that is edited; null = it becomes a new one.
    target_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("scraping_targets.id", ondelete="CASCADE")
    )
    status: Mapped[DraftStatus] = mapped_column(words(DraftStatus), server_default="looking")
    #: A word for why it failed, or has no proposals; and what there is to say beside that: a
    #: status, a type, a limit.
    reason: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[str | None] = mapped_column(Text)
    made_at: Mapped[AtNow]
    #: When a worker was last asked for something.
    asked_at: Mapped[AtNow]
    #: When a worker began to look; a bell rung twice finds it set.
    begun_at: Mapped[At | None]
    #: What the page could give, best first.
    proposals: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    #: Where the target begins; empty = at the page that was looked at.
    start_urls: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    #: The spider, arguments and key fields as they are being edited; null = nothing chosen yet.
    spider: Mapped[str | None] = mapped_column(Text)
    arguments: Mapped[Json] = mapped_column(server_default="{}")
    key_fields: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    #: Counts the edits; the previews are those of `previewed`.
    revision: Mapped[int] = mapped_column(server_default="0")
    previewed: Mapped[int] = mapped_column(server_default="0")
    #: A word for why the latest edit has no preview.
    preview_fault: Mapped[str | None] = mapped_column(Text)
    further: Mapped[FurtherPages] = mapped_column(words(FurtherPages), server_default="none")


class DraftPage(Table):
    """A page that a draft is made from, as it was fetched, and what the recipe reads from it."""

    __tablename__ = "draft_pages"

    draft_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("target_drafts.id", ondelete="CASCADE"), primary_key=True
    )
    #: 0 is the page that was looked at; then those the recipe led to.
    place: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    #: Where it was found in the end, after redirects.
    url: Mapped[str] = mapped_column(Text)
    status: Mapped[int] = mapped_column(SmallInteger)
    headers: Mapped[Json] = mapped_column(server_default="{}")
    #: Compressed by zstd.
    body: Mapped[bytes] = mapped_column(LargeBinary)
    fetched_at: Mapped[AtNow]
    #: Columns, rows, counts and faults; null = not read yet.
    preview: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
