"""A site that has stopped answering ends its crawl, with a reason, long before the job's own limit.

Neither time nor failures alone would tell: a target may want an hour between two pages, and a
short outage fails a hundred pages at once. So both must have come together.
"""

import asyncio
import logging
from collections.abc import Mapping
from time import monotonic
from typing import Any, Self

from scrapy import Request, signals
from scrapy.crawler import Crawler

from spiders_project.closing import ask_to_close

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 1
#: Scrapy's counts of links that a limit left out, and the setting that is the limit.
_LEFT_OUT = {
    "depth/request_ignored_count": "DEPTH_LIMIT",
    "urllength/request_ignored_count": "URLLENGTH_LIMIT",
}


class Silence:
    """Ends the crawl of a site that answers nothing; says in the log what limits left out.

    Reads `KUMO_SILENCE_SECONDS` and `KUMO_SILENCE_TRIES`.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._most_seconds = crawler.settings.getfloat("KUMO_SILENCE_SECONDS")
        self._most_tries = crawler.settings.getint("KUMO_SILENCE_TRIES")
        self._answered_at = monotonic()
        self._tries = 0
        self._next_look: asyncio.TimerHandle | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        silence = cls(crawler)
        for method, signal in {
            silence.spider_opened: signals.spider_opened,
            silence.response_downloaded: signals.response_downloaded,
            silence.request_left_downloader: signals.request_left_downloader,
            silence.engine_stopping: signals.spider_closed,
        }.items():
            crawler.signals.connect(method, signal)
        return silence

    def spider_opened(self) -> None:
        self._answered_at = monotonic()
        self._look()

    def response_downloaded(self) -> None:
        self._answered_at, self._tries = monotonic(), -1

    def request_left_downloader(self, request: Request) -> None:
        # After an answer too, which has set the count to one below none.
        self._tries += 1

    def engine_stopping(self) -> None:
        if self._next_look:
            self._next_look.cancel()
        for sentence in _left_out(self._crawler):
            logger.warning(sentence)

    def _look(self) -> None:
        silent_seconds = monotonic() - self._answered_at
        if silent_seconds > self._most_seconds and self._tries >= self._most_tries:
            logger.warning(
                "The site answered nothing for %.0f s, in %s tries; the crawl ends.",
                silent_seconds,
                self._tries,
            )
            ask_to_close(self._crawler, "site_silent")
            return
        self._next_look = asyncio.get_event_loop().call_later(_LOOK_SECONDS, self._look)


def _left_out(crawler: Crawler) -> list[str]:
    stats: Mapping[str, Any] = crawler.stats.get_stats()
    return [
        f"{count:,} links were left out because of {name}"
        f" ({crawler.settings.getint(name):,}); a target may set it."
        for stat, name in _LEFT_OUT.items()
        if (count := stats.get(stat, 0))
    ]
