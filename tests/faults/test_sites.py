"""F19–F22: sites that hang, drip, burst, loop and never end: their jobs end, none is troubled."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from scrapy.utils.project import get_project_settings

from orchestrator import config, triggers
from orchestrator.ledger import allowed_settings
from orchestrator.ledger.models import JobStatus, ScrapingJob, Trigger
from tests import awaiting
from tests.faults import hostile_site
from tests.faults.hostile_site import HostileSite
from tests.orchestrator.ledger import given
from tests.projects import MODULES
from tests.shops import OpenShop
from tests.workers import Worker, working

#: A crawler that has begun and does nothing holds about 110 MB.
ENOUGH_MB = 600
IMPATIENT = {"DOWNLOAD_TIMEOUT": 1, "RETRY_TIMES": 1}


@pytest.fixture(scope="module")
def worker(database: str, redis_url: str) -> Iterator[Worker]:
    with working("--concurrency=4", KUMO_SPIDER_MODULES=MODULES, KUMO_LEASE_SECONDS="30") as worker:
        yield worker


@pytest.fixture(scope="module")
def site() -> Iterator[HostileSite]:
    with hostile_site.opened() as site:
        yield site


def _requested(url: str, spider: str = "wanders", **settings: Any) -> UUID:
    name = f"{spider}-{given.count('scraping_targets')}"
    fields = {"start_urls": [url], "settings": settings, "max_attempts": 1}
    given.a_target(name, spider=spider, **fields)
    return triggers.request(name, Trigger.API).job_id


def _completed(job_id: UUID) -> ScrapingJob:
    job = awaiting.ended(job_id)
    assert job.status is JobStatus.COMPLETED, f"{job.finish_reason}: {job.error_message}"
    return job


def _read(job_id: UUID) -> set[str]:
    """The paths of the pages that were read."""
    rows = given.execute("SELECT key FROM scraped_items WHERE last_job_id = :id", id=job_id)
    return {"/" + url.split("/", 3)[3] for (url,) in rows}


def _given_up(job_id: UUID) -> dict[str, str]:
    """Why each path was given up."""
    rows = given.execute("SELECT url, reason FROM charged_pages WHERE job_id = :id", id=job_id)
    return {"/" + url.split("/", 3)[3]: reason for url, reason in rows}


def _seconds(job: ScrapingJob) -> float:
    assert job.completed_at
    assert job.started_at
    return (job.completed_at - job.started_at).total_seconds()


def _logged(job_id: UUID) -> str:
    rows = given.execute("SELECT message FROM job_log_lines WHERE job_id = :id", id=job_id)
    return "\n".join(message for (message,) in rows)


def _peak_mb(job: ScrapingJob) -> int:
    assert job.stats
    return int(job.stats["peak_mb"])


GOOD = {f"/good/{number}" for number in range(10)}


@pytest.mark.fault("F19", off=("given_up_pages", "time_for_a_page"))
def test_pages_that_hang_or_drip_are_given_up_and_the_rest_is_read(
    worker: Worker, site: HostileSite
) -> None:
    slow = [f"/{kind}/{n}" for kind in ("hangs", "drips", "header-drips") for n in range(4)]
    job_id = _requested(site.front(*slow, "/dropped/1"), **IMPATIENT)
    _completed(job_id)
    assert _read(job_id) >= GOOD
    reasons = _given_up(job_id)
    assert set(reasons) == {*slow, "/dropped/1"}
    assert all("took longer than 1.0 seconds" in reasons[page] for page in slow)
    fetched = site.fetched()
    assert {fetched[page] for page in reasons} == {2}


@pytest.mark.fault(
    "F20", off=("site_limits", "given_up_pages", "bounded_heads", "tracebacks_let_go")
)
def test_bombs_and_endless_pages_stay_within_memory_and_trouble_no_neighbour(
    worker: Worker, site: HostileSite, shop: OpenShop
) -> None:
    bombs = [f"/bomb/gzip/{n}" for n in range(16)]
    bombs += [f"/bomb/{coding}/1" for coding in ("br", "zstd", "deflate", "nested")]
    endless = [f"/endless/{n}" for n in range(8)]
    others = ["/two-gigabytes/1", "/many-codings/1", "/endless-header/1"]
    alone = _completed(_requested(shop.url, "demo_shop"))
    hostile = _requested(site.front(*bombs, *endless, *others), RETRY_TIMES=0)
    sitemap = _requested(f"{site.url}/sitemap.xml.gz", "wanders_by_sitemap")
    neighbour = _completed(_requested(shop.url, "demo_shop"))
    assert neighbour.items_scraped == alone.items_scraped == len(shop.products())
    assert _seconds(neighbour) < 5 * _seconds(alone) + 3
    job = _completed(hostile)
    assert _peak_mb(job) < ENOUGH_MB
    assert _read(hostile) >= GOOD
    reasons = _given_up(hostile)
    assert set(reasons) == {*bombs, *endless, *others}
    assert all("DOWNLOAD_MAXSIZE" in reasons[page] for page in (*bombs, *endless))
    assert "larger than download max size" in reasons["/two-gigabytes/1"]
    assert "packed 1000 times over" in reasons["/many-codings/1"]
    assert "headers are longer" in reasons["/endless-header/1"]
    _completed(sitemap)
    assert "Ignoring invalid sitemap" in _logged(sitemap)


@pytest.mark.fault("F20", off="guards_kept")
def test_a_spider_with_settings_of_its_own_keeps_the_guards(
    worker: Worker, site: HostileSite
) -> None:
    job_id = _requested(
        site.front("/bomb/gzip/1", "/endless-header/1"), "wanders_unguarded", RETRY_TIMES=0
    )
    _completed(job_id)
    reasons = _given_up(job_id)
    assert "once unpacked" in reasons["/bomb/gzip/1"]
    assert "its headers are longer than 512 KB" in reasons["/endless-header/1"]


@pytest.mark.fault("F20", off="large_pages_in_turn")
def test_large_pages_are_parsed_one_after_the_other(worker: Worker, site: HostileSite) -> None:
    large = [f"/megabytes/5/{n}" for n in range(7)]
    job_id = _requested(site.front(*large))
    assert _peak_mb(_completed(job_id)) < ENOUGH_MB
    assert _read(job_id) >= {*GOOD, *large}


@pytest.mark.fault("F21", off="redirections_told")
def test_pages_that_lead_nowhere_are_given_up_and_walls_are_passed(
    worker: Worker, site: HostileSite
) -> None:
    odd = ["/wall/1", "/wrong-charset/1", "/nested/300000"]
    lost = ["/circle/0", "/further/1", "/refreshes/1"]
    job_id = _requested(site.front(*odd, *lost), REDIRECT_MAX_TIMES=6)
    _completed(job_id)
    assert _read(job_id) >= {*GOOD, *odd}
    reasons = _given_up(job_id)
    assert set(reasons) == {"/circle/0", "/further/7", "/refreshes/7"}
    assert set(reasons.values()) == {"It redirects without end (6 times)."}


@pytest.mark.fault("F22", off="shallow_pages_first")
def test_a_calendar_without_end_does_not_keep_the_site_waiting(
    worker: Worker, site: HostileSite
) -> None:
    url = site.front("/calendar/1", "/links/2000", good=250)
    job_id = _requested(url, CLOSESPIDER_PAGECOUNT=400)
    job = _completed(job_id)
    assert job.finish_reason == "closespider_pagecount"
    assert _read(job_id) >= {f"/good/{number}" for number in range(250)}


@pytest.mark.fault("F22", off="left_out_is_told")
def test_links_beyond_a_limit_are_left_out_and_the_log_says_so(
    worker: Worker, site: HostileSite
) -> None:
    job_id = _requested(site.front("/deeper/1"), DEPTH_LIMIT=4)
    _completed(job_id)
    said = _logged(job_id)
    assert "links were left out because of DEPTH_LIMIT (4)" in said
    assert "links were left out because of URLLENGTH_LIMIT (2,083)" in said
    assert max(map(len, _read(job_id))) < 2_083


@pytest.mark.fault("F19", off="silence_heard")
def test_a_site_that_stops_answering_ends_its_job_and_says_so(
    worker: Worker, site: HostileSite
) -> None:
    silence = {"KUMO_SILENCE_SECONDS": 2, "KUMO_SILENCE_TRIES": 5}
    settings = silence | IMPATIENT | {"RETRY_TIMES": 0}
    url = site.front(*(f"/hangs/silent-{n}" for n in range(90)), good=0)
    job = awaiting.ended(_requested(url, **settings))
    assert (job.status, job.finish_reason) == ("failed", "site_silent")
    assert "The site answered nothing for KUMO_SILENCE_SECONDS" in (job.error_message or "")
    assert job.items_scraped == 1
    assert job.attempt == 2


@pytest.mark.fault("F21", off=("bounded_robots", "site_limits"))
def test_no_robots_txt_keeps_a_crawl(worker: Worker) -> None:
    with (
        hostile_site.opened(robots="rules") as rules,
        hostile_site.opened(robots="bomb") as bomb,
        hostile_site.opened(robots="endless") as endless,
        hostile_site.opened(robots="hangs") as hangs,
    ):
        sites = [rules, bomb, endless]
        jobs = [_requested(site.front()) for site in sites]
        jobs.append(_requested(hangs.front(), **IMPATIENT))
        for job_id in jobs:
            job = _completed(job_id)
            assert _read(job_id) >= GOOD
            assert _peak_mb(job) < 300


@pytest.mark.fault("F20", off=("site_limits", "time_for_a_page"))
def test_what_is_allowed_by_default_fits_into_the_memory_and_time_of_a_job(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    settings = get_project_settings()
    in_flight = settings.getint("CONCURRENT_REQUESTS") * settings.getint("DOWNLOAD_MAXSIZE")
    parsed = 25 * settings.getint("DOWNLOAD_MAXSIZE")
    idle = 120 * 2**20
    assert in_flight + parsed + idle < config.get().job_memory_mb * 2**20
    tries = 1 + settings.getint("RETRY_TIMES")
    assert tries * settings.getint("DOWNLOAD_TIMEOUT") <= 90
    for name in ("CLOSESPIDER_PAGECOUNT", "DEPTH_LIMIT", "URLLENGTH_LIMIT", "REDIRECT_MAX_TIMES"):
        assert settings.getint(name) > 0
        assert not allowed_settings.faults({name: settings.getint(name)})
    assert settings.getint("KUMO_FRONTIER_MOST") <= settings.getint("CLOSESPIDER_PAGECOUNT")
