"""The crawler process: crawl one job, then exit.

Whatever happens is told to the launcher through one pipe: a JSON line with how the crawl ended,
or, when the process could not write one any more, the traceback that the watchdog left there.
"""

import asyncio
import faulthandler
import logging
import os
import sys
import traceback
from dataclasses import asdict
from multiprocessing.connection import Connection
from time import monotonic
from typing import Any, NoReturn

import orjson
from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.settings import BaseSettings

from orchestrator import chromium, config, log_format, reports, subjects
from orchestrator.exceptions import BrowserMissing, ConfigError, DatabaseAway, LeaseLost
from orchestrator.ledger import allowed_settings, recipes
from orchestrator.ledger.claims import Claim
from orchestrator.ledger.ends import End, Ending
from spiders_project import job_log, printed, project_settings, secrets, turns, worker_watch
from spiders_project.checkpoint import Checkpoint
from spiders_project.extraction import nursery
from spiders_project.frontier import NotShared
from spiders_project.heard_signals import HeardSignals
from spiders_project.leases import FrontierAway
from spiders_project.project_settings import ProjectSettings
from spiders_project.proof import Proof
from spiders_project.running import RunningPage
from spiders_project.spider_loader import OneSpiderLoader
from spiders_project.target_spider import start_at

_LOOK_SECONDS = 1
#: Whatever was done when a crawl was told to stop has been committed by then.
_COMMITTED_SECONDS = 3

#: Chatter about Scrapy's own parts, the same for every job.
_QUIET_LOGGERS = ("scrapy.middleware", "scrapy.addons", "scrapy.crawler", "scrapy.utils.log")
#: Its words are said again in ours, without the secrets of an address.
_SILENT_LOGGERS = ("scrapy-playwright",)


def main(claim: Claim, report: "Connection[bytes, bytes]", running_page: Any) -> NoReturn:
    """Crawls the claimed job and tells the launcher how it ended."""
    # What the spider starts belongs to its crawl, and is ended with it.
    os.setsid()
    if claim.definition["spider"] in recipes.RECIPES:
        # Before there is a thread or a connection.
        nursery.begin()
    worker_watch.begin(claim)
    subjects.are_known_by(lambda: {"job_id": claim.job_id, "target_id": claim.target_id})
    reports.begin(reports.CRAWLER)
    faulthandler.enable(report.fileno())
    # People's modules are imported and their spider is made before the event loop runs.
    _watch_for_stuck(report.fileno(), project_settings.read())
    _echo_warnings()
    printed.become_log_lines()
    try:
        end = _crawl(claim, report.fileno(), RunningPage(running_page))
    except SystemExit as error:
        message = f"The spider quit with sys.exit({error.code!r}).\n{_told(error)}"
        end = End(Ending.BROKEN, "crawler_error", message)
    except Exception as error:  # noqa: BLE001  # the launcher must learn of anything at all
        reports.note(error)
        end = End(Ending.BROKEN, "crawler_error", traceback.format_exc())
    _tell(report.fileno(), end)


def _echo_warnings() -> None:
    """To whoever collects the worker's output a line says of itself which job it is of."""
    if log_format.is_json():
        job_log.echo = logging.StreamHandler(sys.__stderr__)
        job_log.echo.setLevel(logging.WARNING)
        job_log.echo.setFormatter(log_format.JsonLines())


def _crawl(claim: Claim, report_fd: int, running_page: RunningPage) -> End:
    definition = claim.definition
    if faults := allowed_settings.faults(definition["settings"]):
        return End(Ending.IMPOSSIBLE, "settings_refused", "; ".join(faults))
    try:
        if definition.get("render"):
            chromium.require()
    except BrowserMissing as error:
        return End(
            Ending.IMPOSSIBLE, "browser_missing", f"Its pages are to be rendered, but {error}"
        )
    try:
        secrets.check(definition["start_urls"], definition["arguments"])
        arguments = secrets.told(definition["spider"], definition["arguments"])
    except ConfigError as error:
        return End(Ending.IMPOSSIBLE, "secret_missing", str(error))
    process = AsyncCrawlerProcess(_settings(claim, running_page))
    _quieten()
    if definition["spider"] not in process.spider_loader.list():
        return _unknown_spider(definition["spider"], process.spider_loader)
    crawler = process.create_crawler(definition["spider"])
    # Nobody can have connected to those that were there yet.
    crawler.signals = HeardSignals(crawler)
    _keep_the_record(crawler.settings)
    _watch_for_stuck(report_fd, crawler.settings)
    crawler.signals.connect(
        lambda spider: start_at(spider, definition["start_urls"]),
        signals.spider_opened,
        weak=False,
    )
    try:
        crawling = process.crawl(crawler, **arguments)
    except TypeError as error:
        return _wrong_arguments(error)
    asyncio.get_event_loop().call_soon(_Watch(crawler, report_fd).look)
    process.start()
    return _ended(crawler, crawling)


def _keep_the_record(settings: BaseSettings) -> None:
    """A spider's own ADDONS would replace the project's, and the record with them."""
    addons = {**settings.getdict("ADDONS"), "spiders_project.recording.Recording": 0}
    settings.set("ADDONS", addons, "cmdline")


def _settings(claim: Claim, running_page: RunningPage) -> ProjectSettings:
    settings = project_settings.read()
    settings.setdict(claim.definition["settings"], "cmdline")
    # The lines go to the job's log; the worker's output is for the worker.
    settings.setdict({"KUMO_CLAIM": claim, "LOG_ENABLED": False}, "cmdline")
    settings.set("KUMO_RUNNING_PAGE", running_page, "cmdline")
    settings.set("SPIDER_LOADER_CLASS", OneSpiderLoader, "cmdline")
    settings.set("LOG_FORMATTER", "spiders_project.job_log.KeptLines", "project")
    return settings


def _quieten() -> None:
    """Lines that no job's log keeps are not even made; Scrapy has just set its own levels."""
    logging.getLogger().setLevel(logging.INFO)
    logging.getLogger("scrapy").setLevel(logging.INFO)
    for name in _QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in _SILENT_LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _unknown_spider(name: str, loader: Any) -> End:
    message = f"There is no spider {name!r}; `scrapy list` shows all."
    if loader.broken:
        broken = "; ".join(f"{module}: {error}" for module, error in loader.broken.items())
        message = f"There is no spider {name!r}, perhaps because a module does not load: {broken}"
    return End(Ending.IMPOSSIBLE, "spider_unknown", message)


def _ended(crawler: Crawler, crawling: asyncio.Task[None]) -> End:
    error = _root(crawling.exception()) if crawling.done() and not crawling.cancelled() else None
    if error is None:
        proof = crawler.get_extension(Proof)
        if proof and proof.end:
            return proof.end
        return End(Ending.BROKEN, "crawler_error", "The crawl ended without a word; see its log.")
    if isinstance(error, NotShared):
        return End(Ending.HANDED_BACK, "one_crawler_only", str(error))
    if isinstance(error, (DatabaseAway, FrontierAway, LeaseLost)):
        return End(Ending.HANDED_BACK, "storage_away", str(error))
    if crawler.spider is None:
        return _wrong_arguments(error)
    return End(
        Ending.BROKEN, "crawler_error", f"The crawl could not begin: {error}\n{_told(error)}"
    )


def _wrong_arguments(error: BaseException) -> End:
    message = f"The spider could not be made from its arguments: {error}\n{_told(error)}"
    return End(Ending.IMPOSSIBLE, "wrong_arguments", message)


def _told(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def _root(error: BaseException | None) -> BaseException | None:
    """What went wrong first: Scrapy fails again when it closes what never began.

    An error that names its cause has been put into our words or the spider's, and stands.
    """
    while error is not None and error.__context__ is not None and error.__cause__ is None:
        error = error.__context__
    return error


class _Watch:
    """Looks from the event loop whether the crawl goes on, and whether it ends when told to."""

    def __init__(self, crawler: Crawler, report_fd: int) -> None:
        self._crawler = crawler
        self._report_fd = report_fd
        self._told_at: float | None = None

    def look(self) -> None:
        _watch_for_stuck(self._report_fd, self._crawler.settings)
        if self._is_told_to_stop():
            self._told_at = self._told_at or monotonic()
            only_waits = turns.of(self._crawler).only_wait()
            # Pages whose site lets nobody in are not waited for.
            patience = _COMMITTED_SECONDS if only_waits else config.get().stop_seconds
            if monotonic() - self._told_at > patience:
                self._leave()
        asyncio.get_event_loop().call_later(_LOOK_SECONDS, self.look)

    def _is_told_to_stop(self) -> bool:
        if self._crawler._extensions is None:
            return False
        checkpoint = self._crawler.get_extension(Checkpoint)
        told = checkpoint is not None and bool(checkpoint.requested or checkpoint.trouble)
        return told or not self._crawler.crawling or turns.of(self._crawler).end is not None

    def _leave(self) -> None:
        """Pages still in flight are fetched again by the next attempt, if there is one."""
        message = "Pages in flight did not end in time and were left."
        end = turns.of(self._crawler).end or End(Ending.HANDED_BACK, "stopped", message)
        _tell(self._report_fd, end)


def _watch_for_stuck(report_fd: int, settings: BaseSettings) -> None:
    """Ends this process, with a traceback, unless it is called again in time.

    A callback in one C call holds the interpreter, so no thread could report it.
    """
    seconds = settings.getfloat("KUMO_STUCK_SECONDS")
    faulthandler.dump_traceback_later(seconds, exit=True, file=report_fd)


def _tell(report_fd: int, end: End) -> NoReturn:
    """The last word: everything is committed, and an orderly exit has nothing left to do."""
    faulthandler.cancel_dump_traceback_later()
    reports.flush()
    os.write(report_fd, b"\n" + orjson.dumps(asdict(end)) + b"\n")
    os._exit(0)
