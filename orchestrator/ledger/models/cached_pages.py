"""Cached pages: what a site sent last, kept so that it need not send it again."""

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.ledger.models.schema import AtNow, Table


class CachedPage(Table):
    """A page of a target as its site sent it, with what the site calls that state of it."""

    __tablename__ = "cached_pages"
    __table_args__ = (Index("ix_cached_pages_seen_at", "seen_at"),)

    target_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("scraping_targets.id", ondelete="CASCADE"), primary_key=True
    )
    #: A digest of the request: its address, and the headers a site may choose its answer by.
    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    #: For people who look; a page is found by its key.
    url: Mapped[str] = mapped_column(Text)
    etag: Mapped[str | None] = mapped_column(Text)
    last_modified: Mapped[str | None] = mapped_column(Text)
    #: The headers of the answer, as they were sent.
    head: Mapped[bytes] = mapped_column(LargeBinary)
    #: Compressed by Zstandard, around whatever coding the site sent it in.
    body: Mapped[bytes] = mapped_column(LargeBinary)
    #: Bytes that head and body take here.
    size: Mapped[int] = mapped_column(Integer)
    stored_at: Mapped[AtNow]
    #: When the site last sent it or said that it is unchanged; exact to a day.
    seen_at: Mapped[AtNow]
