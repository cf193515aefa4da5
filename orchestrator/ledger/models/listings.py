"""Listings: the items of a view, noted in its order where no index has it."""

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.ledger.models.schema import At, AtNow, Id, Json, Table


class ItemListing(Table):
    """An order of a target's items that somebody asked for; it is made beside the pages."""

    __tablename__ = "item_listings"
    __table_args__ = (
        UniqueConstraint("target_id", "view_key"),
        Index("ix_item_listings_asked_at", "asked_at"),
    )

    id: Mapped[Id]
    target_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("scraping_targets.id", ondelete="CASCADE")
    )
    #: A digest of the view: one listing for all who look at it so.
    view_key: Mapped[bytes] = mapped_column(LargeBinary)
    view: Mapped[Json]
    items: Mapped[int] = mapped_column(BigInteger, server_default="0")
    asked_at: Mapped[AtNow]
    #: Null, or earlier than `asked_at`: it is still to be made.
    made_at: Mapped[At | None]
    #: Why it could not be made.
    trouble: Mapped[str | None] = mapped_column(Text)


class ItemListingPart(Table):
    """A thousand ids of a listing; a page reads one part or two."""

    __tablename__ = "item_listing_parts"

    listing_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("item_listings.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
