"""Items stored by SQLAlchemy's ORM, with a session for each, as many a pipeline does it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Engine, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    """The rivals' tables."""


class Item(Base):
    """A row of the table that every rival writes to."""

    __tablename__ = "items"

    target: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now())


def store(engine: Engine, target: str, data: dict[str, Any]) -> None:
    with Session(engine) as session:
        item = session.get(Item, (target, data["url"]))
        if item is None:
            session.add(Item(target=target, key=data["url"], data=data))
        else:
            item.data = data
        session.commit()
