"""The way from the event loop to the cached pages: in batches, by threads, never waited for long.

Pages to be read gather while others are read; pages to be kept gather for a second. When there are
more than can be written, the rest is not kept this time.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from orchestrator.ledger.cached_pages import (
    Changes,
    NewPage,
    PageCache,
    PageCopy,
    Validators,
)

logger = logging.getLogger(__name__)

_EVERY_SECONDS = 1
#: Write without waiting for the next second; keep no more until that is done.
_ENOUGH_PAGES, _ENOUGH_BYTES = 250, 4 * 1024 * 1024
_MOST_BYTES = 4 * _ENOUGH_BYTES


class PageStore:
    """Reads and writes the cached pages of a target beside the event loop."""

    def __init__(self, cache: PageCache) -> None:
        self._cache = cache
        #: Read beside the start of the crawl, which takes as long.
        self._opening = _beside(cache.open)
        self._changes = Changes()
        self._bytes_gathered = 0
        self._enough: asyncio.Event
        self._writing: asyncio.Task[None] | None = None
        self._closing = False
        self._asked: dict[bytes, asyncio.Future[PageCopy | None]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def open(self) -> dict[bytes, Validators]:
        """What is known, by key; nothing when it cannot be read now."""
        self._enough = asyncio.Event()
        try:
            known = await asyncio.wrap_future(self._opening)
        except Exception as error:  # noqa: BLE001  # pages are fetched whole, nothing else
            logger.info("Cached pages are not used: %s", error)
            return {}
        self._writing = asyncio.ensure_future(self._write_until_closed())
        return known

    async def close(self) -> None:
        """Writes what has gathered."""
        self._closing = True
        if self._writing:
            self._enough.set()
            await self._writing

    async def read(self, key: bytes) -> PageCopy | None:
        """The page, unless it is gone."""
        if key not in self._asked:
            self._asked[key] = asyncio.get_running_loop().create_future()
        waiting = self._asked[key]
        if self._reading is None:
            self._reading = asyncio.ensure_future(self._read_all())
        return await asyncio.shield(waiting)

    def keep(self, key: bytes, page: NewPage) -> bool:
        """Takes the page in, if there is room for it before the next write."""
        size = len(page.copy.head) + len(page.copy.body)
        if self._writing is None or self._bytes_gathered + size > _MOST_BYTES:
            return False
        self._changes.dropped.discard(key)
        self._changes.seen.discard(key)
        self._changes.kept[key] = page
        self._bytes_gathered += size
        if len(self._changes.kept) >= _ENOUGH_PAGES or self._bytes_gathered >= _ENOUGH_BYTES:
            self._enough.set()
        return True

    def see(self, key: bytes) -> None:
        """The site says that the page is unchanged."""
        if key not in self._changes.kept:
            self._changes.seen.add(key)

    def drop(self, key: bytes) -> None:
        """The page must not be used again."""
        self._changes.kept.pop(key, None)
        self._changes.seen.discard(key)
        self._changes.dropped.add(key)

    async def _read_all(self) -> None:
        while self._asked:
            asked, self._asked = self._asked, {}
            try:
                found = await asyncio.to_thread(self._cache.read, list(asked))
            except Exception as error:  # noqa: BLE001  # likewise
                logger.info("Cached pages could not be read: %s", error)
                found = {}
            for key, waiting in asked.items():
                waiting.set_result(found.get(key))
        self._reading = None

    async def _write_until_closed(self) -> None:
        while not self._closing or self._changes:
            if not self._closing:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._enough.wait(), _EVERY_SECONDS)
                self._enough.clear()
            await self._write()

    async def _write(self) -> None:
        changes, self._changes, self._bytes_gathered = self._changes, Changes(), 0
        if not changes:
            return
        try:
            await asyncio.to_thread(self._cache.write, changes)
        except Exception as error:  # noqa: BLE001  # it costs bytes later
            logger.info("Cached pages could not be written: %s", error)


def _beside(work: Callable[[], dict[bytes, Validators]]) -> Future[dict[bytes, Validators]]:
    executor = ThreadPoolExecutor(1)
    try:
        return executor.submit(work)
    finally:
        executor.shutdown(wait=False)
