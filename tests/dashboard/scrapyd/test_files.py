import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session
from werkzeug.http import parse_date
from werkzeug.test import TestResponse

from dashboard.scrapyd import texts
from orchestrator import database as storage
from orchestrator.ledger.models import JobStatus, ScrapingJob
from tests.dashboard import rows
from tests.dashboard.scrapyd.conftest import Client
from tests.orchestrator.ledger import given

LINES = [f"Crawled page {number} of 蜘蛛 \x1b[33m<b>" for number in range(700)]
LOG, ITEMS = "/logs/kumo/shop/{}.log", "/items/kumo/shop/{}.jl"


@pytest.fixture
def session(client: Client) -> Iterator[Session]:
    with Session(storage.engine().execution_options(isolation_level="AUTOCOMMIT")) as session:
        yield session


@pytest.fixture
def job(session: Session) -> ScrapingJob:
    """One that ended, with a log and items."""
    job = rows.job(session, rows.target(session, "shop"), pages=3, items_scraped=3)
    for seq, message in enumerate(LINES):
        rows.line(session, job, seq, message, level=30 if seq % 100 == 0 else 20)
    for number in range(3):
        rows.item(session, job, {"name": f"蜘蛛 {number}", "price": number})
    session.flush()
    return job


def part(client: Client, path: str, wanted: str, **headers: str) -> TestResponse:
    return client.get(path, headers={"Range": wanted} | headers)


def test_a_log_is_written_as_scrapy_writes_it(client: Client, job: ScrapingJob) -> None:
    response = client.get(LOG.format(job.id))
    at = job.queued_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    lines = response.text.splitlines()
    first = f"{at} [scrapy.core.engine] WARNING: Crawled page 0 of 蜘蛛 <b>"
    assert (len(lines), lines[0]) == (700, first)
    assert "] INFO: Crawled page 699" in lines[-1]
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert int(response.headers["Content-Length"]) == len(response.data)


def test_items_are_lines_of_json(client: Client, job: ScrapingJob) -> None:
    found = [json.loads(line) for line in client.get(ITEMS.format(job.id)).text.splitlines()]
    assert found == [{"name": f"蜘蛛 {number}", "price": number} for number in range(3)]


@pytest.mark.parametrize("path", [LOG, ITEMS])
def test_any_part_can_be_asked_for(client: Client, job: ScrapingJob, path: str) -> None:
    path = path.format(job.id)
    whole = client.get(path).data
    size = len(whole)
    parts = {
        "bytes=0-9": (0, 10), "bytes=5-": (5, size), "bytes=-50": (size - 50, size),
        "bytes=-999999": (0, size), "bytes=7-99999999": (7, size), "bytes=3-3": (3, 4),
    }  # fmt: skip
    for wanted, (start, stop) in parts.items():
        response = part(client, path, wanted)
        assert (response.status_code, response.data) == (206, whole[start:stop]), wanted
        assert response.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{size}"
        assert int(response.headers["Content-Length"]) == stop - start
    for wanted in ("bytes=0-1,3-4", "lines=1-2", "bytes=9-2", "bytes", "nonsense"):
        assert part(client, path, wanted).data == whole, wanted
    beyond = part(client, path, f"bytes={size}-")
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{size}")


def test_a_file_says_when_it_was_modified_and_how_long_it_is(
    client: Client, job: ScrapingJob
) -> None:
    path = LOG.format(job.id)
    response = client.get(path)
    modified = response.headers["Last-Modified"]
    assert job.completed_at
    assert parse_date(modified) == job.completed_at.astimezone(UTC).replace(microsecond=0)
    assert response.headers["Accept-Ranges"] == "bytes"
    head = client.ask("HEAD", path)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == str(len(response.data))
    assert client.get(path, headers={"If-Modified-Since": modified}).status_code == 304
    assert part(client, path, "bytes=0-9", **{"If-Range": modified}).status_code == 206
    before = "Thu, 01 Jan 2026 00:00:00 GMT"
    assert part(client, path, "bytes=0-9", **{"If-Range": before}).status_code == 200


def test_what_is_large_streams_whole(
    client: Client, job: ScrapingJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = client.get(LOG.format(job.id)).data
    monkeypatch.setattr(texts, "_MOST_HELD", 10_000)
    response = part(client, LOG.format(job.id), "bytes=0-9")
    assert (response.status_code, response.data) == (200, whole)
    assert response.headers["Accept-Ranges"] == "none"
    assert "Content-Length" not in response.headers


def test_there_is_no_other_file(client: Client, job: ScrapingJob) -> None:
    given.a_target("other")
    waiting = client.schedule("other")["jobid"]
    for path in (
        f"/logs/kumo/other/{job.id}.log",
        f"/logs/x/shop/{job.id}.log",
        f"/logs/kumo/shop/{job.id}.log.gz",
        f"/logs/kumo/shop/{job.id}.txt",
        f"/logs/kumo/shop/{job.id}.jl",
        f"/items/kumo/shop/{job.id}.json",
        f"/logs/kumo/shop/{uuid.uuid4()}.log",
        f"/logs/kumo/other/{waiting}.log",
        f"/logs/kumo/shop/..%2f{job.id}.log",
        "/logs/../../etc/passwd",
        "/logs/kumo/%2e%2e/%2e%2e/etc/passwd",
        "/logs/kumo/shop/%00.log",
        "/items/kumo/shop/.jl",
    ):
        response = client.get(path)
        assert response.status_code == 404, path
        assert "root:" not in response.text


def test_folders_list_what_is_in_them(client: Client, job: ScrapingJob) -> None:
    for path in ("/logs", "/items", "/logs/kumo", "/logs/kumo/shop"):
        response = client.get(path, headers={"X-Forwarded-Prefix": "/scrapyd"})
        assert (response.status_code, response.location) == (302, f"/scrapyd{path}/")
    assert 'href="kumo/">kumo/<' in client.get("/logs/").text
    assert 'href="shop/">shop/<' in client.get("/items/kumo/").text
    listing = client.get("/logs/kumo/shop/").text
    assert "Directory listing for /logs/kumo/shop/" in listing
    assert f'href="{job.id}.log">{job.id}.log<' in listing
    assert f'href="{job.id}.jl"' in client.get("/items/kumo/shop/").text
    assert "<tr class=" not in client.get("/logs/kumo/nobody/").text


def test_logparser_would_have_said_the_same(
    client: Client, session: Session, job: ScrapingJob
) -> None:
    running = rows.job(session, rows.target(session, "other"), JobStatus.RUNNING, pages=7)
    stats = client.get("/logs/stats.json").get_json()
    assert (stats["status"], stats["logparser_version"]) == ("ok", "0.8.4")
    counts = stats["datas"]["kumo"]
    assert (counts["shop"][str(job.id)]["pages"], counts["shop"][str(job.id)]["items"]) == (3, 3)
    assert counts["other"][str(running.id)]["pages"] == 7
    one = client.get(f"/logs/kumo/shop/{job.id}.json").get_json()
    assert one["log_categories"]["warning_logs"]["count"] == 7
    assert len(one["log_categories"]["warning_logs"]["details"]) == 7
    assert one["head"].count("\n") == 100
    assert one["tail"].endswith("Crawled page 699 of 蜘蛛 <b>\n")
    assert one["runtime"] == "0:00:09"
    assert datetime.fromisoformat(one["latest_log_time"])
