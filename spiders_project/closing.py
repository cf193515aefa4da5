"""Asking a crawl to end: once, with a reason, and not for ever."""

import asyncio
import logging

from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

#: The statistic in which a crawl says why its browser could not be started.
BROWSER_TROUBLE = "kumo/browser_trouble"


def ask_to_close(crawler: Crawler, reason: str) -> None:
    """Begins the close of a crawl; harmless when it has begun or is over."""
    engine = crawler.engine
    slot = engine._slot
    if engine.spider is None or slot is None or slot.closing is not None:
        return
    task = asyncio.ensure_future(engine.close_spider_async(reason=reason))
    task.add_done_callback(_told)


def _told(task: asyncio.Future[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        logger.error("The crawl could not be closed: %s", error, exc_info=error)
