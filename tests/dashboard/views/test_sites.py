"""The page of sites and their budgets."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from orchestrator import config, sites
from orchestrator.ledger import sites as ledger
from orchestrator.ledger.budgets import Budget
from orchestrator.ledger.models import AuditEntry, JobStatus, ScrapingTarget, Site
from orchestrator.sites import Cause, Wait
from spiders_project.complaints import Complaint
from spiders_project.turn_books import Asking, SharedTurns
from tests.dashboard import rows
from tests.dashboard.conftest import Browser

SITE = "shop.example"


@pytest.fixture(autouse=True)
def _own_redis(redis_url: str) -> Iterator[None]:
    sites._redis.cache_clear()
    sites._Rest.until = 0
    yield
    sites._redis().close()
    sites._redis.cache_clear()


def _crawl(job_id: UUID, complaint: Complaint | None = None) -> None:
    """A turn of that job at the site."""
    book = SharedTurns(str(job_id))
    sites.tell(SITE, Budget(10, 8))
    book.ask(SITE, Asking(wanted=1, delay=2))
    book.note_use(SITE)
    if complaint:
        book.complain(SITE, complaint)
    book.close()


def test_a_site_shows_its_budget_its_use_and_who_is_at_it(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    job = rows.job(session, target, JobStatus.RUNNING)
    _crawl(job.id)
    page = viewer.get("/sites").text
    for said in (
        SITE,
        "10 a second",
        "8 at once",
        "1 in the last minute",
        "1 under way",
        "asks for 2 s",
        f"/jobs/{job.id}",
    ):
        assert said in page, said
    assert "/sites/budget" not in page


def test_a_pause_is_shown_with_its_end(viewer: Browser, session: Session) -> None:
    _crawl(UUID(int=1), Complaint(600, too_many=True))
    assert "It asked for a pause until" in viewer.get("/sites").text


def test_before_anything_was_crawled_the_page_says_so(viewer: Browser) -> None:
    assert "No site was crawled within a day" in viewer.get("/sites").text


def test_without_redis_budgets_are_still_there(
    operator: Browser, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    config.get.cache_clear()
    ledger.save(session, SITE, in_flight=2)
    page = operator.get("/sites").text
    assert "Redis does not answer" in page
    assert "2 at once" in page
    saved = operator.post(f"/sites/budget?site={SITE}", {"in_flight": "3"}, follow_redirects=True)
    assert "within a minute of its return" in saved.text


def test_a_budget_is_saved_told_to_crawls_and_noted(operator: Browser, session: Session) -> None:
    page = operator.get("/sites/budget?site=https://Shop.example/about").text
    assert f"Budget of {SITE}" in page
    fields = {"requests_per_second": "0.5", "in_flight": "2", "note": "they asked for it"}
    saved = operator.post(f"/sites/budget?site={SITE}", fields, follow_redirects=True).text
    for said in ("Saved.", "0.5 a second", "2 at once", "they asked for it"):
        assert said in saved, said
    book = SharedTurns("a crawl")
    assert book.ask(SITE, Asking(wanted=5)).wait_seconds == pytest.approx(2, abs=0.1)
    book.close()
    entry = session.query(AuditEntry).filter_by(action="site.budget").one()
    assert (entry.who, entry.subject) == ("operator", SITE)


def test_a_site_goes_back_to_its_default(operator: Browser, session: Session) -> None:
    ledger.save(session, SITE, in_flight=2)
    operator.get(f"/sites/budget?site={SITE}")
    operator.post(f"/sites/budget/forget?site={SITE}")
    assert session.get(Site, SITE) is None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"requests_per_second": "-1"}, "From 0, for no cap"),
        ({"requests_per_second": "1e9"}, "From 0, for no cap"),
        ({"requests_per_second": "nan"}, "From 0, for no cap"),
        ({"in_flight": "-1"}, "From 0, for no cap"),
        ({"in_flight": "many"}, "Not a valid integer"),
    ],
)
def test_a_wrong_budget_is_explained_beside_its_field(
    operator: Browser, fields: dict[str, str], said: str
) -> None:
    operator.get(f"/sites/budget?site={SITE}")
    answer = operator.post(f"/sites/budget?site={SITE}", fields)
    assert answer.status_code == 422
    assert said in answer.text


@pytest.mark.parametrize("name", ["", "a b", "http://", "shop.example:99999999", "{x}", "x" * 300])
def test_what_is_no_site_is_explained(operator: Browser, name: str) -> None:
    answer = operator.get("/sites/budget", query_string={"site": name})
    assert answer.status_code == 422
    assert "Write a site like" in answer.text


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (Cause.ASKED, "shop.example asked for a pause until"),
        (Cause.LEARNED, "shop.example complained"),
        (Cause.PACE, "It waits for its turn at shop.example"),
    ],
)
def test_a_running_job_says_that_it_waits_for_its_site(
    viewer: Browser, session: Session, target: ScrapingTarget, cause: Cause, said: str
) -> None:
    job = rows.job(session, target, JobStatus.RUNNING)
    book = SharedTurns(str(job.id))
    book.note_wait(Wait(SITE, cause, datetime.now(UTC) + timedelta(minutes=5)))
    assert said in viewer.get(f"/jobs/{job.id}").text
    book.note_wait(None)
    assert said not in viewer.get(f"/jobs/{job.id}").text
    book.close()
