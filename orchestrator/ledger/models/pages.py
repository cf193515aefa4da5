"""Pages that were charged with a crash, and those a job gave up.

A page is charged only when its callback was running as its crawler died; so one bad page is left
out in the end and the rest of the site is crawled.
"""

import uuid

from sqlalchemy import ForeignKey, LargeBinary, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.ledger.models.schema import At, Table


class ChargedPage(Table):
    """A page of a job that did not go well."""

    __tablename__ = "charged_pages"

    job_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("scraping_jobs.id", ondelete="CASCADE"), primary_key=True
    )
    #: The request's id in the job's frontier.
    request_id: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    #: How many crawlers died or got stuck in its callback.
    charges: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    #: What went wrong last.
    reason: Mapped[str] = mapped_column(Text)
    #: When the job went on without it; null while it may be tried again.
    given_up_at: Mapped[At | None]
