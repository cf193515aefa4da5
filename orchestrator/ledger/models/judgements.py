"""Judgements: what a completed job looked like, and what there is to say against it."""

import uuid
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.ledger.models.schema import AtNow, Json, Table


class JobJudgement(Table):
    """A job's profile and the findings on it; the verdict itself is the job's."""

    __tablename__ = "job_judgements"
    __table_args__ = (
        Index("ix_job_judgements_target_newest", "target_id", text("judged_at DESC")),
    )

    job_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("scraping_jobs.id", ondelete="CASCADE"), primary_key=True
    )
    target_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("scraping_targets.id", ondelete="CASCADE")
    )
    #: What was measured, as `profiles` has it.
    profile: Mapped[Json]
    #: What there is to say against the job, worst first; empty = nothing.
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    #: The earlier jobs that it was held against, newest first.
    compared_with: Mapped[list[uuid.UUID]] = mapped_column(ARRAY(Uuid), server_default="{}")
    judged_at: Mapped[AtNow]
