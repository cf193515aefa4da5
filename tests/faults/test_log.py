"""F32: a spider that logs and prints without end fills neither its job's log nor a disk."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from orchestrator import database as storage
from orchestrator import triggers
from orchestrator.ledger.models import JobLogLine, ScrapingJob, Trigger
from spiders_project import job_log
from spiders_project.job_log import JobLog
from spiders_project.printed import Printed
from tests import awaiting
from tests.orchestrator.ledger import given
from tests.projects import MODULES
from tests.scraping import ended, scrapy
from tests.shops import OpenShop
from tests.workers import Worker, working

MOST = 1_000


@pytest.fixture(scope="module")
def worker(database: str, redis_url: str) -> Iterator[Worker]:
    environment = {"KUMO_LOG_LINES": str(MOST), "KUMO_LEASE_SECONDS": "60"}
    with working("--concurrency=2", KUMO_SPIDER_MODULES=MODULES, **environment) as worker:
        yield worker


def _crawled(spider: str, shop: OpenShop, **arguments: Any) -> ScrapingJob:
    name = f"{spider}-{given.count('scraping_targets')}"
    fields = {"start_urls": [shop.url], "arguments": arguments, "max_attempts": 1}
    given.a_target(name, spider=spider, **fields)
    job = awaiting.ended(triggers.request(name, Trigger.API).job_id)
    assert job.status == "completed", job.error_message
    return job


def _lines(job: ScrapingJob) -> list[JobLogLine]:
    query = select(JobLogLine).where(JobLogLine.job_id == job.id).order_by(JobLogLine.seq)
    with storage.transaction() as session:
        return list(session.scalars(query))


def _said(job: ScrapingJob) -> list[str]:
    return [line.message for line in _lines(job)]


def _item(job: ScrapingJob) -> dict[str, Any]:
    ((data,),) = given.execute("SELECT data FROM scraped_items WHERE last_job_id = :id", id=job.id)
    return dict(data)


def _bare_seconds(shop: OpenShop, into: Path, how: str, lines: int) -> float:
    """How long so many lines take in bare Scrapy, which logs to a file that nothing keeps."""
    options = ["-s", "LOG_FILE=/dev/null", "-s", "LOG_LEVEL=INFO", "-s", "ADDONS={}"]
    arguments = ["-a", f"how={how}", "-a", f"lines={lines}", "-a", f"start_url={shop.url}"]
    into = into / "items.jsonl"
    crawl = scrapy(
        "crawl", "talks", *options, *arguments, "-O", str(into), KUMO_SPIDER_MODULES=MODULES
    )
    status, _, logged = ended(crawl)
    assert status == 0, logged
    return float(json.loads(into.read_text())["seconds"])


@pytest.mark.fault("F32", off=("log_cap", "silence_beyond_the_cap"))
def test_a_million_logged_lines_are_capped_and_cost_less_than_in_bare_scrapy(
    worker: Worker, shop: OpenShop, tmp_path: Path
) -> None:
    bare = _bare_seconds(shop, tmp_path, "log", 20_000)
    job = _crawled("talks", shop, how="log", lines=1_000_000)
    said = _said(job)
    assert MOST * 0.8 < len(said) <= MOST
    assert said[-1].endswith("only errors are kept from here on.")
    assert _item(job)["seconds"] < 50 * bare / 8


@pytest.mark.fault("F32", off=("printed_lines", "log_cap"))
def test_a_million_printed_lines_reach_the_log_and_not_the_workers_output(
    worker: Worker, shop: OpenShop, tmp_path: Path
) -> None:
    before = len(worker.said())
    bare = _bare_seconds(shop, tmp_path, "print", 20_000)
    job = _crawled("talks", shop, how="print", lines=1_000_000)
    assert len(worker.said()) - before < 10_000
    lines = _lines(job)
    assert MOST * 0.8 < len(lines) <= MOST
    printed = [line.message for line in lines if line.logger == "stdout"]
    assert "printed as the module was imported" in printed
    assert "printed by the constructor" in printed
    assert "Line 0 of very many" in printed
    assert _item(job)["seconds"] < 50 * bare


@pytest.mark.fault("F32", off="errors_beyond_the_cap")
def test_errors_are_kept_beyond_the_other_lines_and_counted_beyond_the_cap(
    worker: Worker, shop: OpenShop
) -> None:
    job = _crawled("cries", shop)
    lines = _lines(job)
    assert job.errors == 300
    assert len(lines) <= MOST
    errors = [line for line in lines if line.level == logging.ERROR]
    assert 90 <= len(errors) <= 100
    assert errors[-1].message.endswith("further errors are only counted.")


@pytest.mark.fault("F32", off=("printed_lines", "bounded_lines"))
def test_lines_that_no_log_likes_are_cut_and_cleaned(worker: Worker, shop: OpenShop) -> None:
    job = _crawled("mumbles", shop)
    lines = _lines(job)
    said = [line.message for line in lines]
    assert max(map(len, said)) < 11_000
    assert sum(map(len, said)) < 50_000
    assert "red and plain, a NUL \ufffd and half a letter \ufffd" in said
    assert {"10 %", "50 %", "100 %", "one", "two", "without an end"} <= set(said)
    assert "bytes \ufffd\ufffd that are no text" in said
    assert "%d lines (it could not be put into words: TypeError)" in said
    assert "a level of its own" in said
    assert ("stderr", "to stderr") in {(line.logger, line.message) for line in lines}
    assert ("named \ufffd badly", "hello") in {(line.logger, line.message) for line in lines}
    streams = _item(job)
    assert (streams["terminal"], streams["writable"], streams["size"]) == (False, True, True)
    assert streams["descriptor"] == 1
    assert streams["encoding"].lower() == "utf-8"


@pytest.mark.fault("F32", off="no_echo_of_an_echo")
def test_a_handler_that_prints_what_is_logged_does_not_print_for_ever(
    worker: Worker, shop: OpenShop
) -> None:
    said = _said(_crawled("echoes", shop))
    assert said.count("a printed line") == 1
    assert said.count("a logged line") <= 2


# A log in this process


@pytest.fixture
def lines() -> Iterator[list[str]]:
    yield []
    logging.disable(logging.NOTSET)


@pytest.fixture
def log(lines: list[str]) -> Iterator[JobLog]:
    log = JobLog(100, lambda line: lines.append(line.message), lambda: None)
    yield log
    logging.getLogger().removeHandler(log)


def _log(log: JobLog, message: str, *arguments: Any, level: int = logging.INFO) -> None:
    log.handle(logging.LogRecord("a", level, "a.py", 1, message, arguments, None))


def test_a_log_that_somebody_else_reads_too_goes_on_for_them(log: JobLog, lines: list[str]) -> None:
    seen = io.StringIO()
    logger = logging.getLogger("somebody")
    logger.addHandler(handler := logging.StreamHandler(seen))
    for number in range(200):
        _log(log, f"line {number}")
    assert logger.isEnabledFor(logging.WARNING)
    logger.removeHandler(handler)
    assert len(lines) == 90


def test_a_long_line_counts_as_several(log: JobLog, lines: list[str]) -> None:
    for _ in range(100):
        _log(log, "x" * 9_999)
    assert len(lines) == 9


def test_lines_of_earlier_attempts_count_against_the_cap(log: JobLog, lines: list[str]) -> None:
    log.count_from(89)
    for number in range(3):
        _log(log, f"line {number}")
    assert len(lines) == 1


def test_what_cannot_be_written_does_not_raise(log: JobLog, lines: list[str]) -> None:
    class Unspeakable:
        def __str__(self) -> str:
            raise RuntimeError("no words")

        __repr__ = __str__

    _log(log, "%s", Unspeakable())
    log.handle(logging.LogRecord("a", 20, "a.py", 1, Unspeakable(), (), None))
    assert len(lines) == 2


def test_a_printing_thread_waits_for_no_lock_that_a_handler_holds() -> None:
    """The lines are logged outside the stream's own lock; a handler may print meanwhile."""
    said: list[str] = []

    class Prints(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())
            stream.write("from the handler\n")

    stream = Printed("stdout", sys.__stdout__ or sys.stdout)
    logger = logging.getLogger("stdout")
    logger.addHandler(handler := Prints())
    logger.propagate = False
    try:
        assert stream.write("one\ntwo") == 7
        stream.flush()
    finally:
        logger.removeHandler(handler)
        logger.propagate = True
    assert said == ["one", "two"]


def test_only_the_first_early_lines_are_kept() -> None:
    early = job_log.EarlyLines()
    for number in range(1_000):
        early.handle(logging.LogRecord("a", 20, "a.py", 1, f"line {number}", (), None))
    assert len(early.hand_over()) == 200
    assert early.hand_over() == []
