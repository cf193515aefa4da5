"""Tallies: what has been counted for good, also of jobs and crawls that clean-up has removed."""

from sqlalchemy.orm import Mapped

from orchestrator.ledger.models.schema import Id, Json, Table


class Tally(Table):
    """Amounts to be added to what is there; all rows together are the count."""

    __tablename__ = "tallies"

    id: Mapped[Id]
    #: Numbers by the name of what they count.
    amounts: Mapped[Json]
