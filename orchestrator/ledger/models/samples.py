"""Samples of pages: what some pages of a job looked like, for the day on which a field is empty."""

import uuid
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, SmallInteger, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, column_property, mapped_column

from orchestrator.ledger.models.schema import At, AtNow, Table


class PageSample(Table):
    """A page of a job as it was read, and what its spider took from it."""

    __tablename__ = "page_samples"
    __table_args__ = (Index("ix_page_samples_target_id", "target_id", "taken_at"),)

    job_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("scraping_jobs.id", ondelete="CASCADE"), primary_key=True
    )
    #: Which of a job's samples it is; each has a reason of its own.
    place: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    target_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("scraping_targets.id", ondelete="CASCADE")
    )
    #: The request's id in the job's frontier.
    request_id: Mapped[bytes] = mapped_column(LargeBinary)
    url: Mapped[str] = mapped_column(Text)
    status: Mapped[int] = mapped_column(SmallInteger)
    content_type: Mapped[str] = mapped_column(Text)
    #: Bytes of the page, unpacked.
    size: Mapped[int] = mapped_column(Integer)
    #: Compressed by Zstandard; null = it was too large to be kept.
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    is_kept: Mapped[bool] = column_property(body.is_not(None))
    #: How many items it gave.
    items: Mapped[int] = mapped_column(Integer)
    #: In how many of them each field held something.
    filled: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    taken_at: Mapped[AtNow]


class FieldDiagnosis(Table):
    """Why a field of a job is empty: what was asked about it, and what a worker found."""

    __tablename__ = "field_diagnoses"

    job_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("scraping_jobs.id", ondelete="CASCADE"), primary_key=True
    )
    field: Mapped[str] = mapped_column(Text, primary_key=True)
    #: Counts the questions; `findings` answer number `answered`.
    asked: Mapped[int] = mapped_column(server_default="1")
    answered: Mapped[int] = mapped_column(server_default="0")
    asked_at: Mapped[AtNow]
    #: When a worker began with the latest question.
    begun_at: Mapped[At | None]
    #: Where to look for the field instead, as a part of a recipe; null = only where the job did.
    tried: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    findings: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    #: A word for why the latest question has no answer.
    fault: Mapped[str | None] = mapped_column(Text)
