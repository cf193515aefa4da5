"""Sites: what people say about how politely one is crawled."""

from sqlalchemy import CheckConstraint, Float, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.ledger.models.schema import AtNow, Table


class Site(Table):
    """A site with a budget of its own; one without a row has the defaults."""

    __tablename__ = "sites"
    __table_args__ = (
        CheckConstraint("requests_per_second >= 0", name="rate"),
        CheckConstraint("in_flight >= 0", name="in_flight"),
    )

    #: The host, with the port when it is not the scheme's own.
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    #: Of all crawls together; null = the default, 0 = no cap.
    requests_per_second: Mapped[float | None] = mapped_column(Float)
    #: Requests at once, of all crawls together; null = the default, 0 = no cap.
    in_flight: Mapped[int | None] = mapped_column(Integer)
    #: Why it has this budget, for whoever reads it later.
    note: Mapped[str] = mapped_column(Text, server_default="")
    updated_at: Mapped[AtNow]
