"""Jobs that were requested in Scrapyd's way: under which id and which name of a spider."""

import uuid

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.ledger.models.schema import AtNow, Table


class ScrapydJob(Table):
    """What a client of Scrapyd calls a job; one that it did not request has no row here."""

    __tablename__ = "scrapyd_jobs"
    __table_args__ = (
        Index("ix_scrapyd_jobs_spider_newest", "spider", text("requested_at DESC"), text("job_id")),
    )

    job_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("scraping_jobs.id", ondelete="CASCADE"), primary_key=True
    )
    #: As the client gave it, or else the job's own id as text.
    jobid: Mapped[str] = mapped_column(Text, unique=True)
    #: The spider or target that the client named.
    spider: Mapped[str] = mapped_column(Text)
    requested_at: Mapped[AtNow]
