"""The checkpoint of a crawl: what gathers between two commits, the rhythm, and the storms.

Everything a commit holds is taken in one step of the event loop and committed by a thread, one
commit at a time. A commit that failed is made again with the very same content, because nobody
knows whether it happened; what has gathered meanwhile waits for the next.
"""

import asyncio
import logging
import random
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from orchestrator import config
from orchestrator.exceptions import DatabaseAway, DatabaseNotMigrated, LeaseLost
from orchestrator.ledger.checkpoints import Batch, CheckpointWriter, LogLine, Told, count_lines
from orchestrator.ledger.claims import Claim
from orchestrator.ledger.items import Rejection, StorableItem
from orchestrator.ledger.latencies import CHECKPOINT, Latencies
from orchestrator.ledger.new_samples import NewSample
from orchestrator.ledger.troubled_pages import TroubledPage
from orchestrator.ledger.words import Requested
from spiders_project import frontier
from spiders_project.closing import ask_to_close
from spiders_project.frontier import Frontier
from spiders_project.heartbeat import Heartbeat
from spiders_project.job_log import JobLog

logger = logging.getLogger(__name__)

#: Commit without waiting for the next second.
_ENOUGH_ITEMS = 500
#: The crawl takes no more pages while so much is waiting to be committed.
_MOST_ITEMS, _MOST_BYTES = 5_000, 32 * 1024 * 1024
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
        self._bytes_committed = self._lines_committed = self._pages_committed = 0
        #: Pages of the job that were not this crawl's, as of the last commit.
        self.pages_elsewhere = 0
        self._commits = Latencies(CHECKPOINT)
        self._log = JobLog(settings.log_lines, self._gather_line, self._count_error)
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
        if (attempt := self._claim.attempt) > 1:
            self._log.count_from(count_lines(self._claim.job_id, before_attempt=attempt))
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

    def add_sample(self, sample: NewSample) -> None:
        """A page to be kept; it is compressed where it is committed."""
        self._gathering.samples.append(sample)
        self._bytes_gathered += len(sample.body or b"")

    def tally(self) -> dict[str, float]:
        """How long commits and trips took, since this crawl began."""
        return self._commits.amounts() | self._frontier.trips.amounts()

    def is_full(self) -> bool:
        return len(self._gathering.items) > _MOST_ITEMS or self._bytes_gathered > _MOST_BYTES

    def _gather_line(self, line: LogLine) -> None:
        self._gathering.lines.append(line)

    def _count_error(self) -> None:
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
        # What a spider printed without an end of line becomes a line now.
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        logging.getLogger().removeHandler(self._log)
        if self.trouble is None and self._gathering.lines:
            self._gathering.tally = self.tally()
            try:
                self._write(self._gathering)
            except (DatabaseAway, LeaseLost) as error:
                logger.warning("The last log lines are lost: %s", error)
        self._writer.close()

    async def _beat(self) -> None:
        while self.trouble is None:
            with suppress(TimeoutError):
                # Not wait_for: before Python 3.12 it forgets that it was cancelled when what it
                # waits for comes in the same moment, and a crawl never ended.
                async with asyncio.timeout(self._every_seconds):
                    await self._hurry.wait()
            self._hurry.clear()
            if not await asyncio.shield(self._commit()):
                await asyncio.sleep(self._patience())

    async def _commit(self) -> bool:
        """One checkpoint, after the one in flight; False when it must be made again."""
        async with self._turn:
            gathered = self._unresolved or self._take()
            self._unresolved = gathered
            try:
                told = await asyncio.to_thread(self._write, gathered.batch)
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
            self._hear(told, gathered.batch)
            return True

    def _write(self, batch: Batch) -> Told:
        """How long it took is told with the next one, in the same statement, or with the end."""
        began = monotonic()
        try:
            return self._writer.commit(batch)
        finally:
            self._commits.add(monotonic() - began)

    def _take(self) -> _Gathered:
        """Departed pages and buffers, in one step: exactly their items and no others'."""
        received = self._crawler.stats.get_value("downloader/response_bytes", 0)
        gathered = _Gathered(self._gathering, self._frontier.depart())
        gathered.batch.bytes_received = received - self._bytes_committed
        self._bytes_committed = received
        gathered.batch.tally = self.tally()
        self._gathering, self._bytes_gathered = Batch(), 0
        return gathered

    def _hear(self, told: Told, batch: Batch) -> None:
        """What people ask for, and what other crawls of the job have come to."""
        if told.lines:
            self._log.count_others(told.lines - self._lines_committed)
        self._lines_committed += len(batch.lines)
        self._pages_committed += batch.pages
        self.pages_elsewhere = told.pages - self._pages_committed
        self._obey(told.requested)
        if limit := told.closing or self._limit_met(told):
            ask_to_close(self._crawler, limit)

    def _obey(self, requested: Requested | None) -> None:
        if requested and self.requested is None:
            self.requested = requested
            logger.info("Someone asked to %s this job.", requested)
            ask_to_close(self._crawler, str(requested))

    def _limit_met(self, told: Told) -> str | None:
        """The limit of the target's that its job has met, all crawls and attempts together."""
        counts = {"closespider_itemcount": told.items, "closespider_pagecount": told.pages}
        for name, count in counts.items():
            if 0 < self._crawler.settings.getint(name.upper()) <= count:
                return name
        return None

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
        return frontier.of(self._crawler)
