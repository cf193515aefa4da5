"""Home: the first thing a person sees."""

import re
import time
from datetime import timedelta

import pytest
from sqlalchemy import func, update
from sqlalchemy.orm import Session

from orchestrator.ledger import ticks, workers
from orchestrator.ledger.models import JobStatus, ScrapingJob, ScrapingTarget
from orchestrator.ledger.workers import Seen
from tests import brokers
from tests.dashboard import rows
from tests.dashboard.conftest import Browser


@pytest.fixture
def alive(session: Session) -> None:
    """A house in which everything that keeps things going is alive."""
    for name, queue in (("crawls@one", "crawls"), ("control@one", "control")):
        workers.begin(session, Seen(name, 7, [queue], 2, memory_bytes=0))
    for name in (ticks.SWEEP, ticks.BEAT):
        ticks.tick(session, name)


def sentence(text: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", text, re.DOTALL)
    assert found
    return found[1].strip()


def test_a_new_installation_says_what_to_do_first(
    operator: Browser, viewer: Browser, alive: None
) -> None:
    page = operator.get("/").text
    assert sentence(page) == "Welcome to Kumo."
    assert 'href="/targets/new"' in page
    assert 'href="/targets/new"' not in viewer.get("/").text


def test_where_nothing_ran_yet_the_way_leads_to_the_targets(
    viewer: Browser, target: ScrapingTarget, alive: None
) -> None:
    page = viewer.get("/").text
    assert "Choose a target" in page
    assert sentence(page) == "All is well."


def test_when_all_is_well_it_says_so_with_the_nights_figures(
    viewer: Browser, session: Session, alive: None
) -> None:
    for name in ("a", "b"):
        rows.job(session, rows.target(session, name))
    rows.job(session, rows.target(session, "c"), JobStatus.CANCELLED)
    page = viewer.get("/").text
    assert sentence(page) == "All is well: 2 of 3 targets were crawled last night."
    assert "First steps" not in page
    assert "data-live" not in page
    assert "Needs you" not in page


def test_a_night_that_is_not_over_says_how_far_it_is(
    viewer: Browser, session: Session, alive: None
) -> None:
    rows.job(session, rows.target(session, "a"))
    rows.job(session, rows.target(session, "b"), JobStatus.PENDING)
    assert sentence(viewer.get("/").text) == "All is well: 1 of 2 targets are crawled so far."


def test_what_needs_a_person_comes_first_with_a_way_to_mend_it(
    viewer: Browser, operator: Browser, session: Session, alive: None
) -> None:
    shop = rows.target(session)
    job = rows.job(session, shop, JobStatus.FAILED, error_message="<b>It</b> broke\nTraceback")
    page = operator.get("/").text
    assert sentence(page) == "One thing needs you."
    assert "&lt;b&gt;It&lt;/b&gt; broke" in page
    assert "Traceback" not in page
    assert f"/jobs/{job.id}/retry" in page
    assert "/retry" not in viewer.get("/").text


def test_every_kind_of_concern_has_words(viewer: Browser, session: Session) -> None:
    for name, counts in {
        "given": {"pages_given_up": 1, "items_scraped": 60},
        "rejected": {"items_rejected": 2, "items_scraped": 60},
        "empty": {"items_scraped": 0},
        "few": {"items_scraped": 1},
    }.items():
        each = rows.target(session, name)
        for days in (1, 2, 3):
            rows.job(session, each, ago=timedelta(days=days), items_scraped=60)
        rows.job(session, each, **counts)
    rows.job(session, rows.target(session, "waits"), JobStatus.PENDING)
    session.execute(
        update(ScrapingJob)
        .where(ScrapingJob.status == JobStatus.PENDING)
        .values(run_after=func.now() - timedelta(hours=1))
    )
    late = rows.target(session, "late")
    late.next_run_at = func.now() - timedelta(hours=1)
    session.flush()
    workers.begin(session, Seen("quiet@one", 7, ["crawls"], 2, memory_bytes=0))
    workers.begin(session, Seen("control@one", 7, ["control"], 2, memory_bytes=0))
    session.execute(
        update(workers.Worker)
        .where(workers.Worker.name == "quiet@one")
        .values(seen_at=func.now() - timedelta(minutes=5))
    )
    page = viewer.get("/").text
    for said in (
        "No worker that crawls is alive",
        "Nobody sweeps",
        "Beat does not tick",
        "The worker quiet@one went quiet",
        "It was due",
        "Its job waits: no worker is alive.",
        "It found nothing; 60 items are usual.",
        "It found 1 item; 60 are usual.",
        "It went on without 1 page.",
        "2 items could not be stored.",
    ):
        assert said in page, said
    assert sentence(page) == "10 things need you."


def test_a_long_list_of_concerns_is_cut_and_says_how_many_more(
    viewer: Browser, session: Session, alive: None
) -> None:
    for number in range(23):
        rows.job(session, rows.target(session, f"t{number:02}"), JobStatus.FAILED)
    page = viewer.get("/").text
    assert page.count("Its last job failed.") == 20
    assert "and 3 more" in page
    assert 'href="/targets?outcome=failed"' in page


def test_what_runs_is_live_with_speed_and_expected_end(
    viewer: Browser, session: Session, alive: None
) -> None:
    shop = rows.target(session)
    rows.job(
        session,
        shop,
        ago=timedelta(hours=9),
        completed_at=func.now() - timedelta(hours=8),
        pages=60,
    )
    job = rows.job(session, shop, JobStatus.RUNNING, pages=12, items_scraped=11, errors=2)
    page = viewer.get("/").text
    assert "data-live" in page
    assert "One job runs" in page
    assert f'id="running-{job.id}"' in page
    assert "in 56 min" in page
    assert sentence(page) == "All is well: 0 of 1 target is crawled so far."


def test_a_night_shows_each_target_with_its_outcome_in_words(
    viewer: Browser, session: Session, alive: None
) -> None:
    for status in JobStatus:
        rows.job(session, rows.target(session, status.value), status, items_scraped=7)
    page = viewer.get("/").text
    for status in JobStatus:
        assert f'class="pip pip-{status}"' in page
        assert f'title="{status}: {status.value.capitalize()}, 7"' in page
        assert f"{status.value.capitalize()}: 1" in page


def test_what_comes_next_names_the_first_targets_of_an_occasion(
    viewer: Browser, session: Session, alive: None
) -> None:
    for number in range(5):
        rows.target(session, f"t{number}", schedule="0 3 * * *")
    page = viewer.get("/").text
    assert "What runs next" in page
    assert "and 2 more" in page
    assert ">t0</a>" in page
    assert ">t4</a>" not in page


def test_the_page_of_five_hundred_targets_is_small(
    viewer: Browser, session: Session, alive: None
) -> None:
    for status, numbers in (
        (JobStatus.FAILED, range(50)),
        (JobStatus.COMPLETED, range(50, 500)),
    ):
        first, *names = (f"a-name-of-usual-length-{number:03}" for number in numbers)
        target = rows.target(session, first)
        rows.job(session, target, status)
        rows.multiply(session, target, names)
    assert len(viewer.get("/").data) < 150_000


@pytest.mark.parametrize("path", ["/", "/workers", "/workers/answers"])
def test_a_redis_that_hangs_holds_up_no_page(viewer: Browser, alive: None, path: str) -> None:
    with brokers.silent() as url, brokers.connected_to(url):
        began = time.monotonic()
        answer = viewer.get(path)
    assert answer.status_code == 200
    assert time.monotonic() - began < 1.2
