"""Log lines of jobs, capped per job."""

import uuid

from sqlalchemy import ForeignKey, Integer, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.ledger.models.schema import At, Table


class JobLogLine(Table):
    """One line that a crawl logged; its key lets a repeated commit write it once."""

    __tablename__ = "job_log_lines"

    job_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("scraping_jobs.id", ondelete="CASCADE"), primary_key=True
    )
    attempt: Mapped[int] = mapped_column(Integer, primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
    #: As Python's logging counts: 20 info, 30 warning, 40 error, 50 critical.
    level: Mapped[int] = mapped_column(SmallInteger)
    logged_at: Mapped[At]
    logger: Mapped[str] = mapped_column(Text)
    message: Mapped[str] = mapped_column(Text)
