"""What a worker says of itself, written down at every sweep so that a page can show it at once.

Celery can be asked the same, but only while Redis lives and only by waiting for an answer.
"""

import logging
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cache
from importlib.metadata import version

import psutil

from orchestrator import catalogue, celery, database
from orchestrator.exceptions import OrchestratorError
from orchestrator.ledger import workers
from orchestrator.ledger.workers import Seen

logger = logging.getLogger(__name__)


class Presence:
    """One worker's sign of life; a database that is away is only logged, the next one tells all."""

    def __init__(self, name: str, slots: int) -> None:
        self._name = name
        self._slots = slots
        #: Since when it has a row; None as long as none could be written.
        self._began: datetime | None = None
        #: None until they are known: what an earlier process of this name knew stays till then.
        self._spiders: list[str] | None = None

    def show(self) -> None:
        """Writes the worker's row."""
        with _logged(), database.transaction() as session:
            if self._began:
                workers.seen(session, self._now(), self._began)
            else:
                self._began = workers.begin(session, self._now())

    def learn_spiders(self) -> None:
        """Asks which spiders there are, which takes a process of its own and some seconds."""
        with _logged():
            self._spiders = sorted(catalogue.read().spiders) if serves_crawls() else []
        self.show()

    def end(self) -> None:
        """Writes down that the worker was told to stop."""
        if self._began:
            with _logged(), database.transaction() as session:
                workers.stopped(session, self._name, self._began)

    def _now(self) -> Seen:
        return Seen(
            self._name,
            os.getpid(),
            queues=sorted(celery.queues_served()),
            slots=self._slots,
            memory_bytes=_memory_bytes(),
            versions=_versions(),
            spiders=self._spiders,
        )


@contextmanager
def _logged() -> Iterator[None]:
    """Nobody needs to see a worker for it to work."""
    try:
        yield
    except OrchestratorError as error:
        logger.warning("This worker is not seen as it is: %s", error, extra={"action": "unseen"})


def serves_crawls() -> bool:
    return not celery.kinds_served().isdisjoint((celery.CRAWLS, celery.BROWSER))


@cache
def _versions() -> dict[str, str]:
    packages = {name: version(name) for name in ("kumo", "celery", "scrapy")}
    return packages | {"python": platform.python_version()}


def _memory_bytes() -> int:
    """What this process and all below it hold; pages that they share count for each of them."""
    worker = psutil.Process()
    total = 0
    for process in (worker, *worker.children(recursive=True)):
        with suppress(psutil.Error):
            total += process.memory_info().rss
    return total
