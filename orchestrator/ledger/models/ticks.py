"""Ticks: when the parts that work by the clock were last alive."""

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.ledger.models.schema import AtNow, Table


class Tick(Table):
    """The last sign of life of beat or of the sweep."""

    __tablename__ = "ticks"

    #: `beat` or `sweep`.
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    at: Mapped[AtNow]
