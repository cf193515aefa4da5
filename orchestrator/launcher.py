"""Starts and supervises one crawler process, by module name.

The process is forked from a forkserver that has imported Scrapy and the project already, so a
crawl begins in milliseconds; it serves one crawl, gives its memory back and dies with its worker.
What a job is and where it goes is not decided here: the launcher says how the process ended.
"""

import logging
import multiprocessing
import os
import signal
import sys
from contextlib import suppress
from dataclasses import replace
from math import inf
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from threading import Event, Lock
from time import monotonic, sleep
from typing import Any
from uuid import UUID

import orjson
import psutil

from orchestrator import config, database, forked
from orchestrator.company import Company
from orchestrator.exceptions import OrchestratorError
from orchestrator.ledger import crawls
from orchestrator.ledger.claims import Claim
from orchestrator.ledger.ends import LEASE_OVER_STATUS, End, Ending
from orchestrator.ledger.troubled_pages import TroubledPage

logger = logging.getLogger(__name__)

#: The only thing known of the spiders: what to import, and what to call in it.
_CRAWL_MODULE = "spiders_project.crawl"
_PRELOAD_MODULE = "spiders_project.preload"
#: What a child would import to read its arguments.
_ON_FIRST_USE = ("multiprocessing.sharedctypes",)

#: How a crawler calls it when it was asked to end early.
_TOLD_TO_STOP = "stopped"

_LOOK_SECONDS = 0.5
#: A crawler that was told to stop gets its own patience and this, then it is killed.
_GRACE_SECONDS = 3
_DYING_SECONDS = 1
_MOST_REPORT_BYTES = 1024 * 1024
#: Memory in which a crawler names the page whose callback is running: two bytes of length, then
#: the page's id in hex, a space and its address.
_RUNNING_PAGE_BYTES = 1_024

#: Set when this worker is told to stop: every crawler is asked to hand its job back.
stopping = Event()

_context = multiprocessing.get_context("forkserver")
_context_lock = Lock()
_prepared = False


def prepare() -> None:
    """Starts the forkserver, so that the first job finds it warm."""
    from multiprocessing import forkserver  # it must not be loaded by who never launches

    global _prepared  # noqa: PLW0603  # the forkserver is one per process
    with _context_lock:
        if not _prepared:
            # A child would import the parent's main module again by its path: Celery's, whole.
            main = sys.modules["__main__"]
            main.__dict__.pop("__file__", None)
            main.__spec__ = None
            # What each child begins with too. It comes last: the preload keeps the collector off.
            _context.set_forkserver_preload([*_ON_FIRST_USE, _PRELOAD_MODULE, forked.__name__])
            _prepared = True
    forkserver.ensure_running()


def run(claim: Claim) -> End:
    """Crawls the claimed job in a process of its own and says how it ended."""
    prepare()
    reader, writer = _context.Pipe(duplex=False)
    running_page = _context.RawArray("B", _RUNNING_PAGE_BYTES)
    arguments = (_CRAWL_MODULE, (claim, writer, running_page))
    process = _context.Process(target=forked.begin, args=arguments, name=f"crawl {claim.job_id}")
    try:
        process.start()
    except (OSError, EOFError) as error:
        reader.close()
        message = f"No crawler process could be started: {error!r}; see the worker's output."
        return End(Ending.BROKEN, "launch_failed", message)
    finally:
        writer.close()
    logger.info(
        "Job %s is crawled by process %s, attempt %s, crawl %s",
        claim.job_id,
        process.pid,
        claim.attempt,
        claim.number,
        extra={"action": "crawl_started", "job_id": claim.job_id},
    )
    _record_pid(claim, process.pid)
    try:
        end = _Supervision(process, reader, claim).until_its_end()
        return _with_page(end, bytes(running_page))
    finally:
        reader.close()
        process.close()


def is_crawler(pid: int) -> bool:
    """True while that process of this machine is a crawler, whoever its worker is or was."""
    with suppress(psutil.Error):
        # A crawler keeps the command line of the forkserver that it was forked from.
        return any("multiprocessing.forkserver" in word for word in psutil.Process(pid).cmdline())
    return False


def _record_pid(claim: Claim, pid: int | None) -> None:
    """For people who look for the process; the crawl has begun and does not wait for it."""
    try:
        with database.transaction() as session:
            crawls.record_pid(
                session, UUID(claim.job_id), claim.attempt, pid=pid, number=claim.number
            )
    except OrchestratorError as error:
        logger.warning("The crawler's pid is not on its job: %s", error)


def _with_page(end: End, named: bytes) -> End:
    """Adds the page whose callback was running when the crawler died."""
    length = int.from_bytes(named[:2], "big")
    if not end.ending.is_charged or not length:
        return end
    request_id, _, url = named[2 : 2 + length].decode(errors="replace").partition(" ")
    reason = (end.message or end.reason).partition("\n")[0] + _place(end.message or "")
    page = TroubledPage(bytes.fromhex(request_id), url, reason)
    return replace(end, message=f"{reason} Page: {url}\n{end.message}", page=page)


def _place(message: str) -> str:
    """The innermost line of people's code in a traceback that faulthandler left, if there is one.

    The event loop's thread comes last.
    """
    frames = message.rpartition("(most recent call first):\n")[2].splitlines()
    own = (frame for frame in frames if '  File "' in frame and "/lib/python3" not in frame)
    return f" ({place.strip()})" if (place := next(own, "")) else ""


class _Supervision:
    """Watches one crawler process: its limits, its report and its end."""

    def __init__(
        self, process: BaseProcess, reader: "Connection[bytes, bytes]", claim: Claim
    ) -> None:
        settings = config.get()
        self._process = process
        self._reader = reader
        self._report = b""
        self._most_memory = _most_memory(claim) * 1024 * 1024
        #: Of a crawl that renders pages, whose browser counts too.
        self._company = Company(process.pid or 0) if claim.definition.get("render") else None
        self._stop_seconds = settings.stop_seconds + _GRACE_SECONDS
        self._deadline = monotonic() + settings.job_seconds
        self._job_seconds = settings.job_seconds
        self._window = claim.definition.get("crawl_window")
        # Told by the database at the claim, so this worker's clock does not matter.
        self._closes_at = monotonic() + (inf if claim.open_seconds is None else claim.open_seconds)
        self._told_at: float | None = None
        self._forkserver = _forkserver()
        self._orphaned = False
        #: Set when the process is ended by us: how the job should see it.
        self._verdict: End | None = None

    def until_its_end(self) -> End:
        sources: list[Any] = [self._reader, self._process.sentinel]
        while self._process.sentinel not in (ready := wait(sources, _LOOK_SECONDS)):
            if self._reader in ready and not self._read():
                sources.remove(self._reader)
            self._look()
        self._process.join()
        self._end_orphan()
        self._end_company()
        while self._read():
            pass
        return self._end()

    def _read(self) -> bool:
        """Takes what the crawler has said; False at the end of it."""
        if not self._reader.poll():
            return False
        said = os.read(self._reader.fileno(), 65_536)
        self._report = (self._report + said)[-_MOST_REPORT_BYTES:]
        return bool(said)

    def _look(self) -> None:
        if stopping.is_set():
            message = "Its worker was told to stop; the crawl goes on where it was."
            self._tell_to_stop(End(Ending.HANDED_BACK, _TOLD_TO_STOP, message))
        elif monotonic() > self._deadline:
            hours = self._job_seconds / 3600
            message = (
                f"It crawled for longer than {hours:.3g} hours, the limit of KUMO_JOB_SECONDS."
            )
            self._tell_to_stop(End(Ending.IMPOSSIBLE, "time_limit", message))
        elif monotonic() > self._closes_at:
            message = f"Its window, {self._window}, closed; it goes on when it opens again."
            self._tell_to_stop(End(Ending.HANDED_BACK, "window_closed", message))
        elif (held := self._memory()) > self._most_memory and self._verdict is None:
            most = self._most_memory // 2**20
            message = f"It held {held // 2**20} MB of memory, where {most} MB is the most."
            self._verdict = End(Ending.BROKEN, "out_of_memory", message)
            self._process.kill()
        if self._told_at is not None and monotonic() - self._told_at > self._stop_seconds:
            self._process.kill()

    def _tell_to_stop(self, verdict: End) -> None:
        if self._told_at is None:
            self._told_at = monotonic()
            self._verdict = verdict
            self._process.terminate()

    def _memory(self) -> int:
        if self._company:
            self._company.look()
            return self._company.memory()
        with suppress(psutil.Error):
            return int(psutil.Process(self._process.pid).memory_info().rss)
        return 0

    def _end_orphan(self) -> None:
        """When the forkserver was killed its children live on, and nobody would see them end.

        Python tells of it as status 255, which a spider may have left with just as well.
        """
        self._orphaned = self._process.exitcode == 255 and _is_gone(self._forkserver)
        if self._orphaned and self._process.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)

    def _end_company(self) -> None:
        """Browsers and other processes that its spider started and left."""
        if self._process.pid is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        if self._company:
            self._company.end()

    def _end(self) -> End:
        told = _last_word(self._report)
        if self._verdict and (told is None or self._verdict.ending is not Ending.HANDED_BACK):
            return self._verdict
        if self._verdict and told and told.reason == _TOLD_TO_STOP:
            # It knows that it was told to stop, but not why.
            return replace(told, reason=self._verdict.reason, message=self._verdict.message)
        if told is None and self._orphaned:
            message = "The crawler's parent process was lost."
            return End(Ending.HANDED_BACK, "forkserver_lost", message)
        return told or _without_a_word(self._process.exitcode, self._report)


def _most_memory(claim: Claim) -> int:
    settings = config.get()
    return settings.browser_memory_mb if claim.definition.get("render") else settings.job_memory_mb


def _is_gone(process: psutil.Process | None) -> bool:
    """True when it has ended, or does within a moment: its pipes close a little before."""
    until = monotonic() + _DYING_SECONDS
    while process is not None and process.is_running() and not _is_zombie(process):
        if monotonic() > until:
            return False
        sleep(0.01)
    return True


def _is_zombie(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def _forkserver() -> psutil.Process | None:
    from multiprocessing import forkserver  # it must not be loaded by who never launches

    with suppress(psutil.Error):
        # Private: nothing else tells which process it is.
        return psutil.Process(forkserver._forkserver._forkserver_pid)  # type: ignore[attr-defined]
    return None


def _last_word(report: bytes) -> End | None:
    """The JSON line that a crawler leaves when it ends by itself."""
    line = report.rstrip().rpartition(b"\n")[2]
    try:
        fields = orjson.loads(line)
        told = ("reason", "message", "stats", "wait_seconds", "tally")
        return End(Ending(fields["ending"]), **{name: fields[name] for name in told})
    except (ValueError, KeyError, TypeError):
        return None


def _without_a_word(exitcode: int | None, report: bytes) -> End:
    traceback = report.decode(errors="replace").strip()
    if traceback.startswith("Timeout"):
        message = f"A callback did not return and was stopped.\n{traceback}"
        return End(Ending.BROKEN, "stuck", message)
    if exitcode == LEASE_OVER_STATUS:
        # Charged as the sweep would charge it; and a spider may leave with that status too.
        return End(Ending.DIED, "lease_over", "The crawl was stuck or asleep too long.")
    if exitcode is not None and exitcode < 0:
        number = -exitcode
        cause = f"The crawler was killed by signal {number} ({signal.Signals(number).name})."
        return End(Ending.DIED, f"signal_{number}", f"{cause}\n{traceback}".strip())
    cause = f"The crawler exited with status {exitcode} and without a word."
    return End(Ending.DIED, "crawler_error", f"{cause}\n{traceback}".strip())
