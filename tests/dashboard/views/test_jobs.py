import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from orchestrator.ledger import targets
from orchestrator.ledger.models import JobStatus, Requested, ScrapingJob, ScrapingTarget
from tests.dashboard import rows
from tests.dashboard.conftest import Browser

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; DROP TABLE scraping_jobs; --",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "</textarea></title></style><svg onload=alert(1)>",
    "\u202ereversed\u202c",
    "\x1b[31mred",
    "&lt;b&gt;",
    "蜘蛛" * 5_000,
]
STANDINGS: list[tuple[JobStatus, dict[str, Any], str]] = [
    (JobStatus.PENDING, {}, "It waits to begin."),
    (JobStatus.PENDING, {"attempt": 2}, "It waits to go on."),
    (JobStatus.RUNNING, {"attempt": 2}, "this is attempt 2."),
    (JobStatus.RUNNING, {"requested": Requested.CANCEL}, "told to stop"),
    (JobStatus.RUNNING, {"requested": Requested.PAUSE}, "told to pause"),
    (JobStatus.PAUSED, {}, "goes on from there when resumed"),
    (JobStatus.COMPLETED, {"items_scraped": 1, "pages": 2}, "1 item from 2 pages in 9 s,"),
    (JobStatus.FAILED, {"attempt": 3}, "after 3 attempts"),
    (JobStatus.CANCELLED, {}, "the items before that are kept"),
    (JobStatus.SKIPPED, {}, "It never began."),
]


def shown(page: str) -> list[UUID]:
    return [UUID(found) for found in re.findall(r'id="job-([0-9a-f-]{36})"', page)]


def walk(browser: Browser, path: str, direction: str) -> list[list[UUID]]:
    """The jobs of that page and of each further one in a direction."""
    pages = []
    while path:
        page = browser.get(path).text
        pages.append(shown(page))
        link = re.search(rf'<a rel="{direction}" href="([^"]+)"', page)
        path = link[1].replace("&amp;", "&") if link else ""
    return pages


def test_jobs_are_listed_newest_first_in_pages_without_gap_or_overlap(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    # Some were requested at the same moment: the id decides their order.
    made = [
        rows.job(session, target, JobStatus.FAILED, ago=timedelta(minutes=number // 3))
        for number in range(120)
    ]
    newest_first = sorted(made, key=lambda job: (job.queued_at, job.id.int), reverse=True)
    pages = walk(viewer, "/jobs", "next")
    assert [len(page) for page in pages] == [50, 50, 20]
    assert [job_id for page in pages for job_id in page] == [job.id for job in newest_first]


def test_the_way_back_leads_over_the_same_pages(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    for number in range(120):
        rows.job(session, target, JobStatus.FAILED, ago=timedelta(minutes=number))
    forth = walk(viewer, "/jobs", "next")
    last = viewer.get("/jobs")
    for _ in range(2):
        link = re.search(r'rel="next" href="([^"]+)"', last.text)
        assert link
        last = viewer.get(link[1].replace("&amp;", "&"))
    back = walk(viewer, last.request.full_path, "prev")
    assert back == forth[::-1]


def test_the_address_filters_by_target_and_status(viewer: Browser, session: Session) -> None:
    jobs = rows.fill(session)
    assert shown(viewer.get("/jobs?target=tokyo_prices").text) == [jobs["completed"].id]
    assert shown(viewer.get("/jobs?status=failed").text) == [jobs["failed"].id]
    assert shown(viewer.get("/jobs?target=demo_shop&status=skipped").text) == [jobs["skipped"].id]
    nothing = viewer.get("/jobs?target=books&status=failed").text
    assert "No job fits." in nothing
    assert 'name="target" list="target-names" value="books"' in nothing


def test_pages_keep_their_filter(viewer: Browser, session: Session, target: ScrapingTarget) -> None:
    other = rows.target(session, "other")
    for number in range(60):
        rows.job(session, target, JobStatus.FAILED, ago=timedelta(minutes=number))
        rows.job(session, other, JobStatus.FAILED, ago=timedelta(minutes=number))
    pages = walk(viewer, "/jobs?target=other&status=failed", "next")
    assert [len(page) for page in pages] == [50, 10]


def test_the_list_of_none_says_what_to_do(viewer: Browser) -> None:
    assert "No jobs yet. Press Run" in viewer.get("/jobs").text


def test_a_job_says_first_how_it_stands(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    for status, values, sentence in STANDINGS:
        job = rows.job(session, target, status, **values)
        page = viewer.get(f"/jobs/{job.id}").text
        assert sentence in re.sub(r"<[^>]+>", "", page)
        session.delete(job)
        session.flush()


def test_a_job_that_waits_for_its_next_try_says_when(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    job = rows.job(session, target, JobStatus.PENDING, error_message="The site was away.")
    job.failures = 2
    job.run_after = job.queued_at + timedelta(hours=5)
    session.flush()
    page = viewer.get(f"/jobs/{job.id}").text
    assert "It failed 2 times in a row without reading a page; it tries again" in page
    assert "in 4 h" in page
    assert "The site was away." in page


def test_a_job_shows_its_counts_error_log_items_rejections_and_attempts_in_that_order(
    viewer: Browser, session: Session
) -> None:
    job = rows.fill(session)["completed"]
    job.error_message = rows.TRACEBACK
    session.flush()
    page = viewer.get(f"/jobs/{job.id}").text
    told = ["60 items from 67 pages", ">1.2 MB<", "503 to all 3 tries", "<summary>Traceback<"]
    told += ["decimal.InvalidOperation", "Slow answer: 4.2 s", "万年筆 0 号", "40000 bits"]
    told += ["crawls@kumo-1"]
    places = [page.index(text) for text in told]
    assert places == sorted(places)
    assert "\x1b" not in page


def test_items_are_a_table_of_their_fields(viewer: Browser, session: Session) -> None:
    page = viewer.get(f"/jobs/{rows.fill(session)['completed'].id}").text
    headers = re.findall(r'<th scope="col"><bdi>([^<]+)</bdi></th>', page)
    assert headers[0] == "name"
    assert set(headers) == {"name", "price", "in_stock", "url", "tags", "description"}
    link = '<a href="https://example.jp/商品/0" rel="noopener noreferrer nofollow"'
    assert link in page
    assert len(re.findall(r'<tr id="item-', page)) == 20


def test_scraped_text_stays_text_wherever_it_is_shown(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    for text in HOSTILE:
        trace = f"{text}\n{text}"
        job = rows.job(session, target, JobStatus.FAILED, error_message=trace, finish_reason=text)
        fields = {"name": text, text[:40]: [text], "url": text, "deep": {text: text}}
        rows.item(session, job, fields)
        rows.line(session, job, 1, text, level=40)
        rows.rejected(session, job, text, text)
        rows.crawl(session, job, worker=text, outcome=text)
        session.flush()
        for path in (f"/jobs/{job.id}", "/jobs", "/targets", f"/targets/{target.id}"):
            harmless(viewer, path)


def harmless(browser: Browser, path: str) -> None:
    page = browser.get(path)
    assert page.status_code == 200
    assert len(page.data) < 300_000
    for markup in ("<script>alert", "<img src=x", "<svg onload", 'href="javascript', "\x1b"):
        assert markup not in page.text


def test_an_item_of_megabytes_is_cut_by_the_database(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    job = rows.job(session, target)
    rows.item(session, job, {"body": "x" * 3_000_000})
    rows.item(session, job, {f"field{number}": number for number in range(5_000)})
    assert len(viewer.get(f"/jobs/{job.id}").data) < 20_000


def test_the_fragment_is_the_content_without_its_page(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    job = rows.job(session, target, JobStatus.RUNNING)
    whole = viewer.get(f"/jobs/{job.id}").text
    fragment = viewer.get(f"/jobs/{job.id}", headers={"X-Kumo-Fragment": "1"})
    assert "<html" in whole
    assert fragment.text.startswith('<div id="live">')
    assert "data-live" in fragment.text
    assert "Set-Cookie" not in fragment.headers


def test_a_fragment_takes_no_message_away_from_the_page_it_is_for(
    operator: Browser, target: ScrapingTarget
) -> None:
    operator.post(f"/targets/{target.id}/run")
    operator.client.get("/targets", headers={"X-Kumo-Fragment": "1"})
    assert "Started. Job ID:" in operator.get("/targets").text


def test_buttons_are_those_the_state_allows(
    operator: Browser, session: Session, target: ScrapingTarget
) -> None:
    job = rows.job(session, target, JobStatus.PENDING)
    allowed = {
        JobStatus.PENDING: {"pause", "cancel"},
        JobStatus.RUNNING: {"pause", "cancel"},
        JobStatus.PAUSED: {"resume", "cancel"},
        JobStatus.COMPLETED: {"retry"},
        JobStatus.FAILED: {"retry"},
        JobStatus.CANCELLED: {"retry"},
        JobStatus.SKIPPED: {"retry"},
    }
    for status, actions in allowed.items():
        job.status = status
        session.flush()
        page = operator.get(f"/jobs/{job.id}").text
        assert set(re.findall(rf'formaction="/jobs/{job.id}/(\w+)"', page)) == actions


def test_pause_resume_and_cancel_do_what_they_say(
    operator: Browser, session: Session, target: ScrapingTarget
) -> None:
    job = rows.job(session, target, JobStatus.PENDING)
    for action, status, sentence in (
        ("pause", JobStatus.PAUSED, "Paused."),
        ("resume", JobStatus.PENDING, "Resumed."),
        ("cancel", JobStatus.CANCELLED, "Cancelled."),
    ):
        page = operator.post(f"/jobs/{job.id}/{action}", follow_redirects=True).text
        session.refresh(job)
        assert job.status is status
        assert sentence in page


def test_a_running_job_is_asked_and_the_answer_says_so(
    operator: Browser, session: Session, target: ScrapingTarget
) -> None:
    job = rows.job(session, target, JobStatus.RUNNING)
    page = operator.post(f"/jobs/{job.id}/pause", follow_redirects=True).text
    assert "Pausing: the crawl stops at its next checkpoint." in page
    page = operator.post(f"/jobs/{job.id}/cancel", follow_redirects=True).text
    assert "Cancelling: the crawl stops at its next checkpoint." in page
    session.refresh(job)
    assert (job.status, job.requested) == (JobStatus.RUNNING, Requested.CANCEL)


def test_retry_makes_a_new_job_and_shows_it(
    operator: Browser, session: Session, target: ScrapingTarget
) -> None:
    old = rows.job(session, target, JobStatus.FAILED)
    answer = operator.post(f"/jobs/{old.id}/retry", follow_redirects=True)
    new = session.scalars(select(ScrapingJob).where(ScrapingJob.retry_of == old.id)).one()
    assert answer.request.path == f"/jobs/{new.id}"
    assert "Started. Job ID:" in answer.text
    assert f'<a href="/jobs/{old.id}">It repeats an earlier job.</a>' in answer.text


def test_a_change_of_a_job_that_does_not_exist_is_not_found(operator: Browser) -> None:
    for action in ("cancel", "pause", "resume", "retry"):
        assert operator.post(f"/jobs/{uuid4()}/{action}").status_code == 404


def test_a_job_of_a_deleted_target_can_still_be_read(
    viewer: Browser, session: Session, target: ScrapingTarget
) -> None:
    job = rows.job(session, target)
    targets.delete(session, target)
    for path in (f"/jobs/{job.id}", "/jobs"):
        page = viewer.get(path).text
        assert "(deleted)" in page
        assert f'href="/targets/{target.id}"' not in page
