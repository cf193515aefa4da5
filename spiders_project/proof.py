"""How a crawl ended: success is proven, not assumed.

Scrapy says `finished` when its Redis was wiped in mid-crawl and when no page was ever read. Here a
crawl is complete when the frontier says so, or when a limit that the target itself set was reached.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.settings import SETTINGS_PRIORITIES
from twisted.python.failure import Failure

from orchestrator.exceptions import BellAway
from orchestrator.ledger.claims import Claim
from orchestrator.ledger.ends import End, Ending
from spiders_project import frontier, turns
from spiders_project.checkpoint import Checkpoint
from spiders_project.closing import BROWSER_TROUBLE
from spiders_project.frontier import Frontier
from spiders_project.middlewares import GiveUpPages

logger = logging.getLogger(__name__)

#: Troubles that no further attempt would mend.
_HOPELESS = frozenset({"frontier_full", "checkpoint_refused"})
#: How many kinds of answer a sentence names.
_MOST_CAUSES = 3


class Proof:
    """Watches a crawl end and says how: `end` is there once the spider is closed."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._claim: Claim = crawler.settings["KUMO_CLAIM"]
        self._start_traceback: str | None = None
        self.end: End | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        proof = cls(crawler)
        crawler.signals.connect(proof.spider_error, signals.spider_error)
        crawler.signals.connect(proof.spider_closed, signals.spider_closed)
        return proof

    def spider_error(self, failure: Failure, response: Any) -> None:
        # Without a response it was start() that raised.
        if response is None:
            self._start_traceback = failure.getTraceback()

    def spider_closed(self, reason: str) -> None:
        checkpoint = self._crawler.get_extension(Checkpoint)
        assert checkpoint is not None
        pages = frontier.of(self._crawler)
        if trouble := checkpoint.trouble or pages.trouble:
            self.end = self._after_trouble(*trouble)
        elif checkpoint.requested:
            self.end = self._ended(Ending.HANDED_BACK, f"{checkpoint.requested}_requested")
        elif pause := turns.of(self._crawler).end:
            self.end = replace(pause, stats=_plain(self._crawler.stats.get_stats()))
        elif reason == "finished":
            self.end = self._after_the_last_page(pages)
        else:
            self.end = self._after_close(reason)
        checkpoint.finish_log()
        self.end = replace(self.end, tally=checkpoint.tally())

    def _ended(self, ending: Ending, reason: str, message: str | None = None) -> End:
        return End(ending, reason, message, _plain(self._crawler.stats.get_stats()))

    def _after_trouble(self, reason: str, message: str) -> End:
        ending = Ending.IMPOSSIBLE if reason in _HOPELESS else Ending.HANDED_BACK
        return self._ended(ending, reason, message)

    def _after_the_last_page(self, pages: Frontier) -> End:
        if pages.is_proven():
            return self._ended(Ending.COMPLETED, "finished")
        if not pages.reached and self._claim.left_out:
            message = "Its start page ended its crawler each time and was given up; see its pages."
            return self._ended(Ending.IMPOSSIBLE, "start_page_given_up", message)
        refusal = self._refusal()
        if not pages.reached and refusal:
            message = f"No start page may be fetched. {refusal}"
            return self._ended(Ending.IMPOSSIBLE, "address_refused", message)
        if not pages.reached:
            # Of several crawls the last one, or the others would find it lost.
            self._forget_frontier(pages)
            message = f"No start page could be read: {_what_came(self._crawler.stats.get_stats())}."
            return self._ended(Ending.BROKEN, "site_unreachable", message)
        message = "The crawl stopped although pages were left in its frontier."
        return self._ended(Ending.BROKEN, "unproven", message)

    def _refusal(self) -> str | None:
        troubled = self._crawler.get_downloader_middleware(GiveUpPages)
        return troubled.refusal if troubled else None

    def _after_close(self, reason: str) -> End:
        if reason == "shutdown":
            message = "Its worker was told to stop; the crawl goes on where it was."
            return self._ended(Ending.HANDED_BACK, "stopped", message)
        if reason == "start_error":
            message = f"start() of the spider raised an error.\n{self._start_traceback or ''}"
            return self._ended(Ending.BROKEN, reason, message.strip())
        if trouble := self._after_no_page(reason):
            return trouble
        if reason == "closespider_errorcount":
            message = "It met as many errors as its settings allow; see its log."
            return self._ended(Ending.IMPOSSIBLE, reason, message)
        if self._is_default_limit(reason):
            limit = reason.upper()
            message = (
                f"It reached {limit} ({self._crawler.settings.getint(limit):,}), which is there for"
                f" sites without end; if this one has more, set {limit} for its target."
            )
            return self._ended(Ending.IMPOSSIBLE, reason, message)
        return self._ended(Ending.COMPLETED, reason)

    def _after_no_page(self, reason: str) -> End | None:
        """Of a crawl that was closed since no page could be had any more."""
        stats = self._crawler.stats
        if reason == "browser_failed":
            message = f"Its pages cannot be rendered: {stats.get_value(BROWSER_TROUBLE)}"
            return self._ended(Ending.BROKEN, "browser_failed", message)
        if reason == "site_silent":
            came = _what_came(stats.get_stats())
            message = f"The site answered nothing for KUMO_SILENCE_SECONDS; all in all: {came}."
            return self._ended(Ending.BROKEN, "site_silent", message)
        return None

    def _is_default_limit(self, reason: str) -> bool:
        """Neither the target nor its spider has set the limit that closed the crawl."""
        if not reason.startswith("closespider_"):
            return False
        priority = self._crawler.settings.getpriority(reason.upper())
        return priority is not None and priority <= SETTINGS_PRIORITIES["project"]

    def _forget_frontier(self, pages: Frontier) -> None:
        """Its start pages count as fetched; the next attempt must fetch them again."""
        try:
            pages.forget()
        except BellAway as error:
            logger.warning("%s", error)


def _what_came(stats: Mapping[str, Any]) -> str:
    """What the site answered instead, in a few words."""
    causes = {
        "downloader/response_status_count/": "status {}",
        "downloader/exception_type_count/": "{}",
        "robotstxt/forbidden": "forbidden by robots.txt",
    }
    said = [
        words.format(name.removeprefix(prefix).rsplit(".", 1)[-1]) + f" ({count} times)"
        for prefix, words in causes.items()
        for name, count in sorted(stats.items())
        if name.startswith(prefix)
    ]
    return ", ".join(said[:_MOST_CAUSES]) or "start() gave no request"


def _plain(stats: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value if isinstance(value, (int, float, str, bool)) else str(value)
        for name, value in stats.items()
        if value is not None
    }
