"""The checkpoint of a crawl: what gathers between two commits, the rhythm, and the storms.

Everything a commit holds is taken in one step of the event loop and committed by a thread, one
commit at a time. A commit that failed is made again with the very same content, because nobody
knows whether it happened; what has gathered meanwhile waits for the next.
"""

import asyncio
import logging
import os
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event, Thread
from time import monotonic
from typing import Any, Self
from uuid import UUID

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from orchestrator import config, database
from orchestrator.exceptions import DatabaseAway, DatabaseNotMigrated, LeaseLost
from orchestrator.ledger import crawls
from orchestrator.ledger.checkpoints import Batch, CheckpointWriter, LogLine, count_lines
from orchestrator.ledger.items import Rejection, StorableItem, clean_text
from orchestrator.ledger.jobs import LEASE_OVER_STATUS, Claim
from orchestrator.ledger.models import Requested
from orchestrator.ledger.pages import TroubledPage
from spiders_project.closing import ask_to_close
from spiders_project.frontier import Frontier

logger = logging.getLogger(__name__)

#: Commit without waiting for the next second.
_ENOUGH_ITEMS = 500
#: The crawl takes no more pages while so much is waiting to be committed.
_MOST_ITEMS, _MOST_BYTES = 5_000, 32 * 1024 * 1024
_LONGEST_MESSAGE = 10_000
#: An attempt that cannot reach Postgres for this part of its lease ends itself.
_LEASE_PART = 0.75


@dataclass(slots=True)
class _Gathered:
    """A batch, and the pages to be acknowledged once it is committed."""

    batch: Batch = field(default_factory=Batch)
    pages: list[bytes] = field(default_factory=list)


class Checkpoint:
    """Commits about once a second what the crawl has gathered; hears what people ask for.

    Reads `KUMO_CLAIM`. There is none without a job: `scrapy crawl` records nothing.
    """

    def __init__(self, crawler: Crawler, claim: Claim) -> None:
        settings = config.get()
        self._crawler = crawler
        self._claim = claim
        self._writer = CheckpointWriter(claim, lease_seconds=settings.lease_seconds)
        self._every_seconds = settings.checkpoint_seconds
        self._gathering = Batch()
        self._bytes_gathered = 0
        self._unresolved: _Gathered | None = None
        self._bytes_committed = 0
        self._log = LogBuffer(settings.log_lines, self._gather_line)
        self._heartbeat = Heartbeat(claim, settings.lease_seconds)
        self._task: asyncio.Task[None] | None = None
        self._hurry: asyncio.Event
        self._turn = asyncio.Lock()
        #: What a person asked for, once it is heard.
        self.requested: Requested | None = None
        #: Why the crawl may write nothing more: a reason and a sentence.
        self.trouble: tuple[str, str] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        claim = crawler.settings["KUMO_CLAIM"]
        if claim is None:
            raise NotConfigured
        checkpoint = cls(crawler, claim)
        logging.getLogger().addHandler(checkpoint._log)
        crawler.signals.connect(checkpoint.spider_opened, signals.spider_opened)
        return checkpoint

    def spider_opened(self) -> None:
        self._hurry = asyncio.Event()
        self._frontier.is_held_up = self.is_full
        self._log.count_from(count_lines(self._claim.job_id) if self._claim.attempt > 1 else 0)
        self._heartbeat.start()
        self._task = asyncio.ensure_future(self._beat())

    # What is gathered

    def add_item(self, item: StorableItem | Rejection) -> None:
        """Hands an item over; it is committed later, and only then is its page acknowledged."""
        if isinstance(item, Rejection):
            self._gathering.rejected.append(item)
            logger.warning("An item was rejected: %s", item.reason)
            return
        self._gathering.items.append(item)
        self._bytes_gathered += len(item.data)
        if len(self._gathering.items) == _ENOUGH_ITEMS:
            self._hurry.set()

    def add_page(self) -> None:
        self._gathering.pages += 1

    def give_up(self, page: TroubledPage) -> None:
        """The crawl goes on without this page; its job lists it."""
        self._gathering.given_up.append(page)

    def is_full(self) -> bool:
        return len(self._gathering.items) > _MOST_ITEMS or self._bytes_gathered > _MOST_BYTES

    def _gather_line(self, line: LogLine) -> None:
        self._gathering.lines.append(line)
        if line.level >= logging.ERROR:
            self._gathering.errors += 1

    # The rhythm

    async def close(self) -> None:
        """The last commit and acknowledgement, when every page has left."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        is_last = False
        while self.trouble is None and not is_last:
            # A commit begun before holds an older batch; what has gathered since comes after it.
            is_last = self._unresolved is None
            if not await self._commit():
                is_last = False
                await asyncio.sleep(self._patience())
        self._heartbeat.stop()

    def finish_log(self) -> None:
        """The lines since the last checkpoint; one more fenced write."""
        logging.getLogger().removeHandler(self._log)
        if self.trouble is None and self._gathering.lines:
            try:
                self._writer.commit(self._gathering)
            except (DatabaseAway, LeaseLost) as error:
                logger.warning("The last log lines are lost: %s", error)
        self._writer.close()

    async def _beat(self) -> None:
        while self.trouble is None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), self._every_seconds)
            self._hurry.clear()
            if not await asyncio.shield(self._commit()):
                await asyncio.sleep(self._patience())

    async def _commit(self) -> bool:
        """One checkpoint, after the one in flight; False when it must be made again."""
        async with self._turn:
            gathered = self._unresolved or self._take()
            self._unresolved = gathered
            try:
                requested = await asyncio.to_thread(self._writer.commit, gathered.batch)
            except LeaseLost as error:
                self._end("lease_lost", str(error))
                return True
            except (DatabaseAway, DatabaseNotMigrated) as error:
                self._wait_for_database(error)
                return False
            except Exception as error:  # noqa: BLE001  # no crawl goes on unrecorded
                self._end("checkpoint_refused", f"Its checkpoint was refused: {error}")
                return True
            self._unresolved = None
            self._heartbeat.renewed()
            self._frontier.acknowledge(gathered.pages)
            self._obey(requested)
            return True

    def _take(self) -> _Gathered:
        """Departed pages and buffers, in one step: exactly their items and no others'."""
        received = self._crawler.stats.get_value("downloader/response_bytes", 0)
        gathered = _Gathered(self._gathering, self._frontier.depart())
        gathered.batch.bytes_received = received - self._bytes_committed
        self._bytes_committed = received
        self._gathering, self._bytes_gathered = Batch(), 0
        return gathered

    def _obey(self, requested: Requested | None) -> None:
        if requested and self.requested is None:
            self.requested = requested
            logger.info("Someone asked to %s this job.", requested)
            ask_to_close(self._crawler, str(requested))

    # Storms

    def _patience(self) -> float:
        return random.uniform(0.5, 1.5) * self._every_seconds  # noqa: S311  # jitter, no secret

    def _wait_for_database(self, error: Exception) -> None:
        logger.warning("The checkpoint waits: %s", error)
        if self._heartbeat.silent_seconds() > self._heartbeat.lease_seconds * _LEASE_PART:
            self._end("database_away", "Postgres did not answer for too long.")

    def _end(self, reason: str, message: str) -> None:
        self.trouble = (reason, message)
        logger.warning(message)
        ask_to_close(self._crawler, reason)

    @property
    def _frontier(self) -> Frontier:
        frontier = self._crawler.engine.scheduler
        assert isinstance(frontier, Frontier)
        return frontier


class LogBuffer(logging.Handler):
    """Turns log records into lines of the job's log, up to a cap."""

    def __init__(self, most: int, gather: Callable[[LogLine], None]) -> None:
        super().__init__(logging.INFO)
        self._most = most
        self._gather = gather
        self._seq = self._lines = 0

    def count_from(self, lines: int) -> None:
        """Lines that earlier attempts wrote count against the cap."""
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines += 1
        self._seq += 1
        if self._lines < self._most:
            self._gather(self._line(record, _message(record)))
        elif self._lines == self._most:
            last = f"The log of a job holds {self._most:,} lines; the rest is left out."
            self._gather(self._line(record, last))

    def _line(self, record: logging.LogRecord, message: str) -> LogLine:
        at = datetime.fromtimestamp(record.created, UTC)
        return LogLine(self._seq, record.levelno, at, record.name, message)


class Heartbeat:
    """A thread that keeps the lease while the event loop is blocked by a long callback."""

    def __init__(self, claim: Claim, lease_seconds: float) -> None:
        self.lease_seconds = lease_seconds
        self._job_id, self._attempt = UUID(claim.job_id), claim.attempt
        self._last = monotonic()
        self._stopped = Event()

    def start(self) -> None:
        Thread(target=self._run, name="heartbeat", daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    def renewed(self) -> None:
        """The checkpoint has just renewed the lease."""
        self._last = monotonic()

    def silent_seconds(self) -> float:
        return monotonic() - self._last

    def _run(self) -> None:
        quarter = self.lease_seconds / 4
        while not self._stopped.wait(quarter / 2):
            if self.silent_seconds() > quarter:
                self._renew()
            if self.silent_seconds() > self.lease_seconds:
                # The lease is over and the event loop has not noticed: it is stuck as well.
                os._exit(LEASE_OVER_STATUS)

    def _renew(self) -> None:
        try:
            with database.transaction() as session:
                crawls.renew(session, self._job_id, self._attempt, lease_seconds=self.lease_seconds)
            self.renewed()
        except (DatabaseAway, DatabaseNotMigrated, LeaseLost) as error:
            # The checkpoint meets the same and decides; this thread only buys it time.
            logger.debug("The heartbeat was not written: %s", error)


def _message(record: logging.LogRecord) -> str:
    text = record.getMessage()
    if record.exc_info and record.exc_info[0]:
        text = f"{text}\n{_TRACEBACKS.formatException(record.exc_info)}"
    return clean_text(text[:_LONGEST_MESSAGE])


_TRACEBACKS: Any = logging.Formatter()
