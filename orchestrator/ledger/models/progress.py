"""How fast a job went, in steps that grow with its age, so that a long job has few of them."""

import uuid

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.ledger.models.schema import At, Table


class JobProgress(Table):
    """What a job's checkpoints brought in one step of its time."""

    __tablename__ = "job_progress"

    job_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("scraping_jobs.id", ondelete="CASCADE"), primary_key=True
    )
    #: A second long in the first two minutes, ten in the first twenty, a minute after that.
    began_at: Mapped[At] = mapped_column(primary_key=True)
    pages: Mapped[int] = mapped_column(BigInteger, server_default="0")
    #: Distinct items, as `items_scraped` counts them.
    items: Mapped[int] = mapped_column(BigInteger, server_default="0")
    errors: Mapped[int] = mapped_column(BigInteger, server_default="0")
