"""Workers: what each Celery worker last said of itself."""

from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import BigInteger, Integer, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.ledger.models.schema import At, AtNow, Json, Table


class Queue(StrEnum):
    """The kinds of queue of those that crawl, as the Celery app names them.

    By itself each is the queue of workers that are for no tag.
    """

    CRAWLS = "crawls"  #: Jobs whose pages are read as they are sent.
    BROWSER = "browser"  #: Jobs whose pages are opened in a browser first.

    def of(self, tag: str | None) -> str:
        """The name of the queue of this kind for a worker tag: crawls.eu."""
        return f"{self}.{tag}" if tag else str(self)

    @classmethod
    def kinds(cls, queues: Iterable[str]) -> set[str]:
        """The kinds among the queues of those names; others have none."""
        return {name.partition(".")[0] for name in queues} & set(cls)


class Worker(Table):
    """A Celery worker, by its node name; written by itself at every sweep."""

    __tablename__ = "workers"

    #: As `name@host`, the name that `crawls` knows it by.
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    pid: Mapped[int] = mapped_column(Integer)
    #: The queues it serves.
    queues: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    #: How many tasks, and so crawls, it serves at once.
    slots: Mapped[int] = mapped_column(Integer)
    #: The spiders it knows, for forms to offer; empty of one that crawls nothing.
    spiders: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    #: Of Kumo and what it stands on, by name.
    versions: Mapped[Json] = mapped_column(server_default="{}")
    #: Of the worker and all its processes, in bytes.
    memory_bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    started_at: Mapped[AtNow]
    seen_at: Mapped[AtNow]
    #: Set when it was told to stop; null of one that lives, or died without a word.
    stopped_at: Mapped[At | None]

    @property
    def crawls(self) -> bool:
        """False of one that is for short tasks only."""
        return bool(Queue.kinds(self.queues))
