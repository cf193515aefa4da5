"""What all tables share: names of constraints, kinds of columns.

Constraint names are fixed by a convention, because a migration can only drop what has a name.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import BigInteger, DateTime, Enum, Identity, MetaData, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

#: A surrogate key.
Id = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
#: An aware time, UTC in Python, `timestamptz` in the database.
At = Annotated[datetime, mapped_column(DateTime(timezone=True))]
#: An aware time that the database's own clock sets.
AtNow = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]
#: A JSON object.
Json = Annotated[dict[str, Any], mapped_column(JSONB)]


def words(kind: type[StrEnum]) -> Enum:
    """A text column that holds the values of `kind`, checked by the database."""
    return Enum(
        kind,
        native_enum=False,
        length=20,
        create_constraint=True,
        name=kind.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )


class Table(DeclarativeBase):
    """The root of every table."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
